import { useEffect } from 'react';

/** The keys, as the help dialog lists them. */
export const SHORTCUTS = [
  ['/', 'Search people and repositories'],
  ['j, k', 'Next and previous row of the table'],
  ['Enter', 'Open what has the focus'],
  ['?', 'Show these keys'],
] as const;

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName));

/** The main link of each table row can be walked with j and k. */
function moveToRow(step: 1 | -1): void {
  const links = [...document.querySelectorAll<HTMLElement>('main table tbody tr [data-row-link]')];
  const at = links.findIndex((link) => link === document.activeElement);
  const next = links[at === -1 ? (step === 1 ? 0 : links.length - 1) : at + step];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
}

/** Listens for the keys as long as the page is open. They need no modifier, so they are silent while somebody types. */
export function useShortcuts({ onHelp, onSearch }: { readonly onHelp: () => void; readonly onSearch: () => void }): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector('dialog[open]') !== null)
        return;
      const action = { '/': onSearch, '?': onHelp, j: () => moveToRow(1), k: () => moveToRow(-1) }[event.key];
      if (action === undefined) return;
      event.preventDefault();
      action();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [onHelp, onSearch]);
}
