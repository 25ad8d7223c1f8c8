import type { JSX } from 'react';
import { Page } from '../elements/page.tsx';
import { AddRepository } from './add-repository.tsx';

/** What there is to do while nothing is stored. */
export function FirstStart(): JSX.Element {
  return (
    <Page
      title="Welcome to Laurels"
      intro="Boards of who contributed what to repositories on GitHub, of which every point can be traced. There is nothing here yet."
    >
      <div className="grid gap-4 md:grid-cols-3">
        <section className="card grid content-start gap-2">
          <h2>Add a repository</h2>
          <p>
            A GitHub token is all it takes: start Laurels with <code>GITHUB_TOKEN</code> set (it needs no permission for public
            repositories), then name a repository.
          </p>
          <AddRepository />
        </section>
        <section className="card grid content-start gap-2">
          <h2>Look around with sample data</h2>
          <p>A first start shows made-up repositories and people, labelled as such on every page. To see them again, start a second one:</p>
          <p>
            <code>DATA_DIR=/tmp/laurels-sample PORT=8001 npm start</code>
          </p>
        </section>
        <section className="card grid content-start gap-2">
          <h2>Connect BigQuery</h2>
          <p>Two years of history cost 37 to 44 USD (6 to 7 TiB), whether for one repository or a thousand: it pays for many at once.</p>
          <p>
            Nothing is spent without <code>BIGQUERY_PROJECT</code> and a monthly budget, <code>BIGQUERY_MONTHLY_BYTES</code>. Each plan
            shows bytes and price before it starts.
          </p>
        </section>
      </div>
    </Page>
  );
}
