import { useMemo, useRef, type JSX } from 'react';
import { Link } from 'wouter';
import type { RepositoryName } from '../../../src/domain/repository-name.ts';
import { urlOf } from '../api/client.ts';
import { useAnswer } from '../api/queries.ts';
import { Button } from '../elements/button.tsx';
import { Banner, EmptyNotice, ErrorNotice } from '../elements/notice.tsx';
import { Pager } from '../elements/pager.tsx';
import { useSearchState } from '../search-state.ts';
import { ago, count, plural } from '../figures.ts';
import { BoardFilters } from './board-filters.tsx';
import { BoardStrip } from './board-strip.tsx';
import { BoardTable } from './board-table.tsx';
import { apiQueryOf, isNarrowed, viewOf } from './board-view.ts';

/** A board older than this is said to be stale: it is refreshed each day where schedules run. */
const STALE_MS = 2 * 86_400_000;

/** A board with all that chooses what it shows; of one repository, or of all. */
export function Board({ repository }: { readonly repository: RepositoryName | null }): JSX.Element {
  const [params, change] = useSearchState();
  const view = useMemo(() => viewOf(params), [params]);
  const query = apiQueryOf(view, { isPaged: true });
  const global = useAnswer('getGlobalBoard', { query }, { enabled: repository === null });
  const own = useAnswer('getRepositoryBoard', { params: repository ?? { owner: '', name: '' }, query }, { enabled: repository !== null });
  const { data: board, error, isFetching, isPlaceholderData, refetch } = repository === null ? global : own;
  const top = useRef<HTMLDivElement>(null);
  const exportQuery = apiQueryOf(view, { isPaged: false });
  const exportUrl = (format: 'csv' | 'json'): string =>
    repository === null
      ? urlOf('getGlobalBoard', { query: { ...exportQuery, format } })
      : urlOf('getRepositoryBoard', { params: repository, query: { ...exportQuery, format } });
  const asOf = board?.as_of ?? null;
  const caption = repository === null ? 'Leaderboard over all repositories' : `Leaderboard of ${repository.owner}/${repository.name}`;
  return (
    <div ref={top} className="grid scroll-mt-4 gap-4">
      <BoardFilters
        view={view}
        onChange={change}
        hasRepositories={repository === null}
        csvUrl={exportUrl('csv')}
        jsonUrl={exportUrl('json')}
      />
      {board === undefined ? null : (
        <BoardStrip
          board={board}
          isSearched={view.q !== ''}
          coverageLink={repository === null ? null : `/r/${repository.owner}/${repository.name}#coverage`}
        />
      )}
      {asOf !== null && isStale(asOf) ? <Banner tone="warn">This board was last rebuilt {ago(asOf)}. Is a worker running?</Banner> : null}
      {error === null ? null : error.code === 'board_changed' ? (
        <Banner tone="info">
          This board was rebuilt since the page before, so its pages are others now.{' '}
          <Button onClick={() => change({ cursor: null, around: null })}>First page</Button>
        </Banner>
      ) : view.around !== null && (error.status === 404 || error.status === 410) ? (
        <Banner tone="warn">
          Nobody called “{view.around}” is on this board. <Button onClick={() => change({ around: null })}>Show its top</Button>
        </Banner>
      ) : (
        <ErrorNotice
          error={error}
          onRetry={() => void refetch()}
          {...(board === undefined ? {} : { title: 'Not up to date: the last answer is still shown' })}
        />
      )}
      {board?.data.length === 0 ? (
        isNarrowed(view) ? (
          <EmptyNotice title="Nobody fits">
            <p>
              No contributor matches what is chosen above.{' '}
              <Link href={repository === null ? '/' : `/r/${repository.owner}/${repository.name}`}>Show all</Link>
            </p>
          </EmptyNotice>
        ) : (
          <EmptyNotice title="Nobody is on this board yet">
            <p>It fills when a scrape ends. Bots and AI agents are shown only when they are asked for.</p>
          </EmptyNotice>
        )
      ) : error !== null && board === undefined ? null : (
        <BoardTable
          caption={caption}
          board={board}
          columns={view.columns}
          sort={view.sort}
          onSort={(sort) => change({ sort: sort === 'total_score' ? null : sort, cursor: null })}
          isBusy={isFetching && (board === undefined || isPlaceholderData)}
          around={view.around}
        />
      )}
      {board === undefined ? null : (
        <Pager next={board.next_cursor} forget="around" onTurn={() => top.current?.scrollIntoView({ block: 'start' })}>
          {`${count(board.data.length)} of ${plural(board.total, 'contributor', 'contributors')} on this page`}
        </Pager>
      )}
    </div>
  );
}

function isStale(asOf: string): boolean {
  return Date.now() - Date.parse(asOf) > STALE_MS;
}
