import { useEffect, useId, useRef, type JSX, type ReactNode } from 'react';
import { Button } from './button.tsx';

/** A native modal dialog: the browser keeps the focus in it and closes it with Escape. */
export function Dialog({
  title,
  onClose,
  children,
}: {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby={titleId} onClose={onClose}>
      <div className="flex items-start justify-between gap-4">
        <h2 id={titleId}>{title}</h2>
        <Button look="quiet" onClick={() => dialog.current?.close()}>
          Close
        </Button>
      </div>
      <div className="mt-3">{children}</div>
    </dialog>
  );
}
