import type { ButtonHTMLAttributes, JSX } from 'react';

const LOOKS = {
  primary: 'bg-accent text-on-accent border-accent hover:opacity-90',
  plain: 'bg-card text-ink border-edge hover:bg-sunken',
  danger: 'bg-card text-bad border-bad hover:bg-bad-card',
  quiet: 'border-transparent text-ink hover:bg-sunken',
} as const;

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly look?: keyof typeof LOOKS;
  /** Work is under way: it can't be pressed again, and says so. */
  readonly isBusy?: boolean;
}

export const BUTTON =
  'inline-flex min-h-8.5 items-center justify-center gap-1.5 rounded-md border px-3 py-1 text-sm font-medium no-underline';

export function Button({
  look = 'plain',
  isBusy = false,
  type = 'button',
  className = '',
  disabled,
  children,
  ...rest
}: ButtonProps): JSX.Element {
  return (
    <button
      {...rest}
      type={type}
      disabled={disabled === true || isBusy}
      aria-busy={isBusy || undefined}
      className={`${BUTTON} ${LOOKS[look]} cursor-pointer disabled:cursor-not-allowed disabled:opacity-60 ${className}`}
    >
      {children}
      {isBusy ? ' …' : null}
    </button>
  );
}
