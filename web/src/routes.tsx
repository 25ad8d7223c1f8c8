import type { JSX } from 'react';
import { Link, Route, Switch } from 'wouter';
import { AboutPage } from './about/about-page.tsx';
import { SignInPage } from './access/sign-in-page.tsx';
import { GlobalBoardPage } from './boards/global-board-page.tsx';
import { ComparePage } from './compare/compare-page.tsx';
import { ContributorPage } from './contributors/contributor-page.tsx';
import { Page } from './elements/page.tsx';
import { ErrorsPage } from './jobs/errors-page.tsx';
import { JobPage } from './jobs/job-page.tsx';
import { JobsPage } from './jobs/jobs-page.tsx';
import { Shell } from './layout/shell.tsx';
import { PeoplePage } from './people/people-page.tsx';
import { RepositoriesPage } from './repositories/repositories-page.tsx';
import { RepositoryPage } from './repositories/repository-page.tsx';
import { ScoringPage } from './scoring/scoring-page.tsx';
import { SearchPage } from './search-page.tsx';

/** Which page a path shows. */
export function Routes(): JSX.Element {
  return (
    <Shell>
      <Switch>
        <Route path="/" component={GlobalBoardPage} />
        <Route path="/r/:owner/:name" component={RepositoryPage} />
        <Route path="/repositories" component={RepositoriesPage} />
        <Route path="/c/:username" component={ContributorPage} />
        <Route path="/compare" component={ComparePage} />
        <Route path="/people" component={PeoplePage} />
        <Route path="/scoring" component={ScoringPage} />
        <Route path="/search" component={SearchPage} />
        <Route path="/recent-errors" component={ErrorsPage} />
        <Route path="/about" component={AboutPage} />
        <Route path="/sign-in" component={SignInPage} />
        <Route path="/jobs" component={JobsPage} />
        <Route path="/jobs/:id" component={JobPage} />
        <Route>
          <Page title="There is nothing here">
            <p>
              The link may be old. <Link href="/">The leaderboard</Link> is a good place to start.
            </p>
          </Page>
        </Route>
      </Switch>
    </Shell>
  );
}
