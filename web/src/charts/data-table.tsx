import type { JSX } from 'react';
import { Scroller } from '../elements/scroller.tsx';

interface DataTableProps {
  /** What the numbers are: `Contributions a week`. */
  readonly caption: string;
  /** The heads, the first of them that of the rows' names. */
  readonly columns: readonly string[];
  readonly rows: readonly { readonly name: string; readonly values: readonly string[] }[];
}

/** The numbers that a chart draws: for who does not see it, and to copy. */
export function DataTable({ caption, columns, rows }: DataTableProps): JSX.Element {
  const [first, ...others] = columns;
  return (
    <details>
      <summary className="text-sm">Show as table</summary>
      <Scroller label={`${caption}, as a table`} className="mt-2 max-h-80">
        <table className="table">
          <caption className="sr-only">{caption}</caption>
          <thead>
            <tr>
              <th scope="col">{first}</th>
              {others.map((name) => (
                <th key={name} scope="col" className="number">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ name, values }) => (
              <tr key={name}>
                <th scope="row" className="font-normal">
                  {name}
                </th>
                {values.map((value, index) => (
                  <td key={others[index]} className="number">
                    {value}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroller>
    </details>
  );
}
