import type { JSX } from 'react';

/** A name in a legend: in the colour of text, since that of the line beside it is too faint to read. */
export function legendText(name: string): JSX.Element {
  return <span className="text-ink">{name}</span>;
}
