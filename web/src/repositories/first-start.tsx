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
          <p>A GitHub token is all it takes: set GITHUB_TOKEN (it needs no scope for public repositories), then name one.</p>
          <AddRepository />
        </section>
        <section className="card grid content-start gap-2">
          <h2>Look around with sample data</h2>
          <p>A first start on an empty data directory shows made-up repositories and people, labelled as such on every page:</p>
          <p>
            <code>DATA_DIR=/tmp/laurels-sample npm start</code>
          </p>
        </section>
        <section className="card grid content-start gap-2">
          <h2>Connect BigQuery</h2>
          <p>
            Reads years of history of many repositories at once. It costs money: two years are 6 to 7 TB, 37 to 44 USD, whether for one
            repository or a thousand.
          </p>
          <p>
            Nothing is spent without BIGQUERY_PROJECT and a monthly budget, BIGQUERY_MONTHLY_BYTES. Each plan shows bytes and price before
            it starts.
          </p>
        </section>
      </div>
    </Page>
  );
}
