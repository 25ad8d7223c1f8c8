import type { JSX } from 'react';
import { Link } from 'wouter';
import { useAnswer } from '../api/queries.ts';
import { Scroller } from '../elements/scroller.tsx';
import { Tag } from '../elements/tag.tsx';
import { byteCount, dollars, moment, plural, UNKNOWN } from '../figures.ts';

/** What BigQuery cost this month, query by query; nothing where it is not used, or the caller may not know. */
export function BigQueryUsage(): JSX.Element | null {
  const { data: caller } = useAnswer('getSession');
  const { data } = useAnswer('getBigQueryUsage', {}, { enabled: caller?.scope === 'admin' });
  if (data === undefined || (!data.configured && data.queries.length === 0)) return null;
  const { month, budget_bytes: budget, used_bytes: used, price_usd: price, queries } = data;
  return (
    <section aria-labelledby="bigquery" className="grid gap-2">
      <h2 id="bigquery">BigQuery in {month}</h2>
      <p>
        {byteCount(used)}
        {budget === null ? '' : ` of a budget of ${byteCount(budget)}`}, about {dollars(price)}, in{' '}
        {plural(queries.length, 'query', 'queries')}.
      </p>
      {queries.length === 0 ? null : (
        <Scroller label="BigQuery queries" className="max-h-80">
          <table className="table">
            <caption className="sr-only">Queries of this month, newest first</caption>
            <thead>
              <tr>
                <th scope="col">Query</th>
                <th scope="col">State</th>
                <th scope="col" className="number">
                  Estimated
                </th>
                <th scope="col" className="number">
                  Billed
                </th>
                <th scope="col">Repositories</th>
                <th scope="col">Asked for by</th>
                <th scope="col">Created</th>
              </tr>
            </thead>
            <tbody>
              {queries.map((query) => (
                <tr key={query.job_id}>
                  <th scope="row" className="font-normal">
                    <code>{query.job_id}</code>
                  </th>
                  <td title={query.error ?? undefined}>
                    <Tag tone={query.state === 'FAILED' ? 'bad' : 'neutral'}>{query.state.toLowerCase()}</Tag>
                  </td>
                  <td className="number">{byteCount(query.bytes_estimated)}</td>
                  <td className="number">{query.bytes_billed === null ? UNKNOWN : byteCount(query.bytes_billed)}</td>
                  <td className="grows">
                    {query.repositories.map((name) => (
                      <span key={name}>
                        <Link href={`/r/${name}`}>{name}</Link>{' '}
                      </span>
                    ))}
                  </td>
                  <td>{query.asked_by.join(', ')}</td>
                  <td>{moment(query.created_at)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroller>
      )}
    </section>
  );
}
