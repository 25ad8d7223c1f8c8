import type { JSX } from 'react';

/** Grey lines where text will be. */
export function SkeletonLines({ lines = 8, label = 'Loading' }: { readonly lines?: number; readonly label?: string }): JSX.Element {
  return (
    <output aria-busy="true" className="grid gap-2">
      <span className="sr-only">{label}</span>
      {Array.from({ length: lines }, (_, line) => (
        <div
          key={line}
          aria-hidden="true"
          className="bg-sunken h-6 animate-pulse rounded"
          style={{ width: `${95 - ((line * 17) % 40)}%` }}
        />
      ))}
    </output>
  );
}

/** Grey rows in a table that is being loaded. */
export function SkeletonRows({ rows = 10, columns }: { readonly rows?: number; readonly columns: number }): JSX.Element {
  return (
    <tbody aria-hidden="true">
      {Array.from({ length: rows }, (_, row) => (
        <tr key={row}>
          {Array.from({ length: columns }, (__, column) => (
            <td key={column}>
              <div className="bg-sunken h-5 animate-pulse rounded" style={{ width: column === 1 ? '10rem' : '3rem' }} />
            </td>
          ))}
        </tr>
      ))}
    </tbody>
  );
}
