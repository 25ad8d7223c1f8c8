import type { JSX } from 'react';
import { Link } from 'wouter';
import type { MovedResource } from '../../../src/api/contract/scoring.ts';
import type { AnswerOf } from '../api/client.ts';
import { Banner } from '../elements/notice.tsx';
import { Scroller } from '../elements/scroller.tsx';
import { AlignedPoints, decimalsOf } from '../elements/aligned-points.tsx';
import { count, share, UNKNOWN } from '../figures.ts';
import { RankChange } from '../boards/rank-change.tsx';

/** What other weights would do: how much of the order stays, the first fifty before and after, who moves most. */
export function ScoringPreview({ preview, isOld }: { readonly preview: AnswerOf<'previewScoring'>; readonly isOld: boolean }): JSX.Element {
  const { people, order, top_before: before, top_after: after, biggest_movers: movers, repository } = preview;
  return (
    <section aria-labelledby="preview" className="grid gap-3">
      <h2 id="preview">Preview {repository === null ? 'over all repositories' : `of ${repository}`}</h2>
      {isOld ? <Banner tone="warn">The weights above were changed since: press Preview again.</Banner> : null}
      <p>
        Of {count(people)} people, {count(order.unchanged_ranks)}{' '}
        {order.unchanged_share === null ? '' : `(${share(order.unchanged_share)}) `}keep their rank. The two orders are alike by{' '}
        <strong>{order.rank_correlation === null ? UNKNOWN : order.rank_correlation.toFixed(3)}</strong>{' '}
        <span className="text-muted">(Spearman’s rank correlation: 1 is the same order, 0 none)</span>.
      </p>
      <div className="grid gap-4 lg:grid-cols-2">
        <Movers title="Biggest movers" people={movers.filter(({ rank_change: change }) => change !== 0)} empty="Nobody changes rank." />
        <Movers title="The first 50, with these weights" people={after} empty="Nobody is ranked." />
        <details className="lg:col-span-2">
          <summary>The first 50 as they stand now, and where they would be</summary>
          <Movers title="The first 50 of now" people={before} empty="Nobody is ranked." />
        </details>
      </div>
    </section>
  );
}

function Movers({
  title,
  people,
  empty,
}: {
  readonly title: string;
  readonly people: readonly MovedResource[];
  readonly empty: string;
}): JSX.Element {
  if (people.length === 0) return <p className="text-muted">{empty}</p>;
  const decimals = decimalsOf(people.flatMap(({ before, after }) => [before?.score, after?.score]));
  return (
    <Scroller label={title} className="max-h-112 self-start">
      <table className="table">
        <caption className="px-2.5 pt-2">
          <span className="text-ink font-medium">{title}</span>
        </caption>
        <thead>
          <tr>
            <th scope="col">Contributor</th>
            <th scope="col" className="number">
              Rank now
            </th>
            <th scope="col" className="number">
              Rank then
            </th>
            <th scope="col">
              <span aria-hidden="true">±</span>
              <span className="sr-only">Change</span>
            </th>
            <th scope="col" className="number">
              Points now
            </th>
            <th scope="col" className="number">
              Points then
            </th>
          </tr>
        </thead>
        <tbody>
          {people.map((person) => (
            <tr key={person.github_id}>
              <th scope="row" className="font-normal">
                <Link href={`/c/${encodeURIComponent(person.username)}`}>{person.username}</Link>
              </th>
              <td className="number">{count(person.before?.rank)}</td>
              <td className="number font-semibold">{count(person.after?.rank)}</td>
              <td>
                <RankChange change={person.rank_change} />
              </td>
              <td className="number">
                <AlignedPoints value={person.before?.score} decimals={decimals} />
              </td>
              <td className="number">
                <AlignedPoints value={person.after?.score} decimals={decimals} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroller>
  );
}
