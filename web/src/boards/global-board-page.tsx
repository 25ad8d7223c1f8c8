import type { JSX } from 'react';
import { useAnswer } from '../api/queries.ts';
import { Page } from '../elements/page.tsx';
import { FirstStart } from '../repositories/first-start.tsx';
import { Board } from './board.tsx';

/** The first page: the board over all repositories, or, before there are any, what to do. */
export function GlobalBoardPage(): JSX.Element {
  const { data } = useAnswer('listRepositories', { query: { limit: '5' } });
  if (data?.total === 0) return <FirstStart />;
  return (
    <Page title="Leaderboard">
      <Board repository={null} />
    </Page>
  );
}
