import type { JSX } from 'react';
import { Link } from 'wouter';
import type { ComparisonResource } from '../../../src/api/contract/compare.ts';
import { EmptyNotice } from '../elements/notice.tsx';
import { Scroller } from '../elements/scroller.tsx';
import { Section } from '../elements/section.tsx';
import { UntrustedText } from '../elements/untrusted-text.tsx';
import { count, points, UNKNOWN } from '../figures.ts';

interface Place {
  readonly name: string;
  readonly rank: number | null;
  readonly score: number;
}

function Places({ places }: { readonly places: readonly Place[] }): JSX.Element {
  return (
    <ul className="flex flex-wrap gap-x-4">
      {places.map(({ name, rank, score }) => (
        <li key={name}>
          {name}: <span className="text-muted">rank {rank ?? UNKNOWN},</span> {points(score)}
        </li>
      ))}
    </ul>
  );
}

/** Who contributed to several of the repositories. */
export function SharedPeople({ shared }: { readonly shared: NonNullable<ComparisonResource['shared_contributors']> }): JSX.Element {
  return (
    <Section id="shared" title={`Shared contributors (${count(shared.total)})`}>
      {shared.data.length === 0 ? (
        <EmptyNotice title="Nobody contributed to more than one of them in this window" />
      ) : (
        <Scroller label="Shared contributors">
          <table className="table">
            <caption className="sr-only">Contributors on at least two of the boards</caption>
            <thead>
              <tr>
                <th scope="col">Contributor</th>
                <th scope="col" className="number">
                  Score together
                </th>
                <th scope="col">Where</th>
              </tr>
            </thead>
            <tbody>
              {shared.data.map(({ contributor, total_score: score, places }) => (
                <tr key={contributor.github_id}>
                  <th scope="row" className="font-normal">
                    <Link href={`/c/${encodeURIComponent(contributor.username)}`} data-row-link>
                      <UntrustedText>{contributor.display_name ?? contributor.username}</UntrustedText>
                    </Link>
                  </th>
                  <td className="number font-semibold">{points(score)}</td>
                  <td className="grows">
                    <Places places={places.map((of) => ({ name: of.repository, rank: of.rank, score: of.total_score }))} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroller>
      )}
    </Section>
  );
}

/** Where several of the people contributed. */
export function SharedRepositories({ shared }: { readonly shared: NonNullable<ComparisonResource['shared_repositories']> }): JSX.Element {
  return (
    <Section id="shared" title={`Shared repositories (${count(shared.length)})`}>
      {shared.length === 0 ? (
        <EmptyNotice title="They have no repository in common in this window" />
      ) : (
        <Scroller label="Shared repositories">
          <table className="table">
            <caption className="sr-only">Repositories to which at least two of them contributed</caption>
            <thead>
              <tr>
                <th scope="col">Repository</th>
                <th scope="col">Who</th>
              </tr>
            </thead>
            <tbody>
              {shared.map(({ repository, places }) => (
                <tr key={repository}>
                  <th scope="row" className="font-normal">
                    <Link href={`/r/${repository}`} data-row-link>
                      {repository}
                    </Link>
                  </th>
                  <td className="grows">
                    <Places places={places.map((of) => ({ name: of.username, rank: of.rank, score: of.total_score }))} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroller>
      )}
    </Section>
  );
}
