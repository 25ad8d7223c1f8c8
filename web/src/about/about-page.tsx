import type { JSX } from 'react';
import { Link } from 'wouter';
import { SCORED, SCORED_KINDS } from '../../../src/domain/scoring.ts';
import { useAnswer } from '../api/queries.ts';
import { labelOf } from '../boards/columns.ts';
import { SkeletonLines } from '../elements/loading.tsx';
import { ErrorNotice } from '../elements/notice.tsx';
import { Page } from '../elements/page.tsx';
import { Scroller } from '../elements/scroller.tsx';
import { Statistics } from '../layout/statistics.tsx';
import { moment, points } from '../figures.ts';

/** How the numbers are made: formula, sources, who is left out. */
export function AboutPage(): JSX.Element {
  return (
    <Page
      title="How scores are made"
      intro="A score is a sum that anybody can check: open a person, and every line of it links to the work behind it."
    >
      <Statistics />
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <Formula />
        <section className="card grid content-start gap-2">
          <h2>What is counted</h2>
          <ul className="list-disc space-y-1 ps-5">
            <li>Commits on the default branch, for their author. Merge commits count for nobody.</li>
            <li>Pull requests opened and merged, for who wrote them, whoever pressed the button.</li>
            <li>Reviews of other people’s pull requests: one for each pull request and person. Reviewing oneself counts nothing.</li>
            <li>Lines of merged pull requests, and of commits that belong to none. Never both for one change, and only up to the cap.</li>
            <li>Comments, issues opened, issues closed (for who closed them last) and releases.</li>
          </ul>
          <p>
            The global score is the sum over repositories. Ranks are 1, 2, 2, 4: whoever has the same points has the same rank, and stands
            in the order of the login.
          </p>
        </section>
        <section className="card grid content-start gap-2">
          <h2>Where the numbers come from</h2>
          <p>
            <strong>GitHub’s API</strong> is the truth, and each board is compared with GitHub’s own totals. <strong>GH Archive</strong>, as
            files or through BigQuery, is a record of public events: history that reaches far back, but a lower bound. Since October 2025 it
            lacks most of what happened. Where GitHub has been read, only its rows count.
          </p>
          <p>
            A dash means that a number is not known. It is never shown as 0. The coverage of a repository says, per month and kind, what is
            there and what is missing.
          </p>
        </section>
        <section className="card grid content-start gap-2">
          <h2>Bots, AI agents, and people who do not want to be here</h2>
          <p>
            Accounts are humans, bots or AI agents. Bots and agents are found by GitHub’s own account type, by a list and by patterns in
            their names; each says <Link href="/people">which rule found it, and can be corrected</Link>. Boards show humans unless the
            others are asked for, and ranks are among who is shown.
          </p>
          <p>
            Who opts out is shown nowhere: not on boards, in searches, exports, badges or logs. Ranks close up. Whoever runs this Laurels
            can do it, under People.
          </p>
        </section>
      </div>
    </Page>
  );
}

function Formula(): JSX.Element {
  const { data, error, refetch } = useAnswer('getScoring');
  if (error !== null) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <SkeletonLines />;
  const { weights } = data;
  return (
    <section className="grid gap-2">
      <h2>Formula</h2>
      <p className="text-muted">
        Version {data.version} of {moment(data.created_at)}
        {data.note === null ? '' : `: ${data.note}`}. <Link href="/scoring">Change it, and see first who would move</Link>
      </p>
      <Scroller label="Weights">
        <table className="table">
          <caption className="sr-only">Points for each contribution</caption>
          <thead>
            <tr>
              <th scope="col">Contribution</th>
              <th scope="col">What it is</th>
              <th scope="col" className="number">
                Points each
              </th>
            </tr>
          </thead>
          <tbody>
            {SCORED_KINDS.map((kind) => (
              <tr key={kind}>
                <th scope="row" className="font-medium">
                  {labelOf(kind)}
                </th>
                <td className="grows">{SCORED[kind].description}</td>
                <td className="number">{points(weights[kind])}</td>
              </tr>
            ))}
            <tr>
              <th scope="row" className="font-medium">
                Lines
              </th>
              <td className="grows">
                {points(weights.LINES_ADDED)} for a line added, {points(weights.LINES_DELETED)} for a line deleted; of one person in one
                repository at most:
              </td>
              <td className="number">{points(data.line_bonus_cap)}</td>
            </tr>
          </tbody>
        </table>
      </Scroller>
    </section>
  );
}
