import type { JSX, ReactNode } from 'react';

const TONES = {
  neutral: 'border-line bg-sunken text-ink',
  good: 'border-good text-good',
  warn: 'border-warn bg-warn-card text-warn',
  bad: 'border-bad bg-bad-card text-bad',
} as const;
export type Tone = keyof typeof TONES;

/** A word in a frame. The word says it; the colour only repeats it. */
export function Tag({
  tone = 'neutral',
  title,
  children,
}: {
  readonly tone?: Tone;
  readonly title?: string;
  readonly children: ReactNode;
}): JSX.Element {
  return (
    <span title={title} className={`inline-block rounded-full border px-2 py-px text-xs font-medium whitespace-nowrap ${TONES[tone]}`}>
      {children}
    </span>
  );
}
