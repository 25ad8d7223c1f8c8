import { memo, startTransition, useDeferredValue, useEffect, useRef, useState, type JSX } from 'react';
import type { BoardPage, BoardRowResource } from '../../../src/api/contract/leaderboards.ts';
import { Sparkline } from '../charts/sparkline.tsx';
import { AlignedPoints } from '../elements/aligned-points.tsx';
import { Avatar } from '../elements/avatar.tsx';
import { useRowLinks } from '../elements/row-links.ts';
import { Tag } from '../elements/tag.tsx';
import { UntrustedText } from '../elements/untrusted-text.tsx';
import { ago, count, moment, UNKNOWN } from '../figures.ts';
import { COUNT_COLUMNS, isPartly, type Column } from './columns.ts';
import { RankChange } from './rank-change.tsx';

/** Pixels: no row is lower, and filters and headings above a board take as much at least. */
const [LOWEST_ROW, ABOVE] = [36, 250];

/** The rows of a board. Those that the window shows are drawn as soon as they are there; those below follow, after a frame with the first. */
export function BoardRows({
  board,
  around,
  ...looks
}: { readonly board: BoardPage; readonly around: string | null } & RowLooks): JSX.Element {
  const { hrefOf, onClick } = useRowLinks();
  const [isWhole, setWhole] = useState(false);
  useEffect(() => {
    let timer: number | undefined;
    // A frame's callbacks run before it is drawn, and a timer set there after it.
    const frame = requestAnimationFrame(() => {
      timer = window.setTimeout(() => startTransition(() => setWhole(true)));
    });
    return () => {
      cancelAnimationFrame(frame);
      window.clearTimeout(timer);
    };
  }, []);
  // Later boards replace this one without holding anything up either, and without taking away rows that somebody has scrolled to.
  const latest = useDeferredValue(board.data);
  const data = isWhole ? latest : board.data.slice(0, Math.max(1, Math.ceil((window.innerHeight - ABOVE) / LOWEST_ROW)));
  return (
    // oxlint-disable-next-line no-noninteractive-element-interactions, click-events-have-key-events -- the links in it have the keys
    <tbody aria-busy={data.length < board.data.length || (isWhole && latest !== board.data)} onClick={onClick}>
      {data.map((row) => (
        <Row
          key={row.contributor.github_id}
          row={row}
          href={hrefOf(`/c/${encodeURIComponent(row.contributor.username)}`)}
          isPointedOut={around?.toLowerCase() === row.contributor.username.toLowerCase()}
          {...looks}
        />
      ))}
    </tbody>
  );
}

const PLACEHOLDER: BoardRowResource = {
  ...(Object.fromEntries(COUNT_COLUMNS.map(({ field }) => [field, 1_000])) as Pick<BoardRowResource, Column['field']>),
  rank: 1,
  rank_change: 0,
  contributor: { github_id: 0, username: 'somebody-here', display_name: null, avatar_url: null, kind: 'human' },
  total_score: 1_000,
  incomplete_kinds: [],
  first_contribution_at: '2026-01-01T00:00:00Z',
  last_contribution_at: '2026-01-01T00:00:00Z',
  repositories_contributed: 1,
  sparkline: [0, 1],
};
const PLACEHOLDERS = 10;

/** What holds the place of rows until they are there: rows themselves, so that theirs, and the code that draws them, are ready by then. */
export function BoardPlaceholders(looks: RowLooks): JSX.Element {
  return (
    <tbody aria-hidden="true" className="placeholders">
      {Array.from({ length: PLACEHOLDERS }, (_, index) => (
        <Row key={index} row={PLACEHOLDER} href={undefined} isPointedOut={false} {...looks} />
      ))}
    </tbody>
  );
}

interface RowLooks {
  readonly decimals: number;
  readonly hasChange: boolean;
  readonly shown: readonly Column[];
  readonly hasRepositories: boolean;
  readonly hasSparkline: boolean;
}

const Row = memo(function Row({
  row,
  href,
  decimals,
  hasChange,
  shown,
  hasRepositories,
  hasSparkline,
  isPointedOut,
}: {
  readonly row: BoardRowResource;
  /** Undefined: a placeholder. */
  readonly href: string | undefined;
  readonly isPointedOut: boolean;
} & RowLooks): JSX.Element {
  const { github_id: githubId, username, display_name: displayName, kind } = row.contributor;
  const link = useRef<HTMLAnchorElement>(null);
  useEffect(() => {
    // Who was jumped to is in the middle of the window, with the focus.
    if (!isPointedOut) return;
    link.current?.focus({ preventScroll: true });
    link.current?.scrollIntoView({ block: 'center' });
  }, [isPointedOut]);
  return (
    <tr aria-current={isPointedOut || undefined} className={isPointedOut ? 'pointed-out' : undefined}>
      <td className="number font-semibold">{row.rank ?? UNKNOWN}</td>
      {hasChange ? (
        <td>
          <RankChange change={row.rank_change} />
        </td>
      ) : null}
      <th scope="row" className="font-normal">
        <span className="flex max-w-60 min-w-24 items-center gap-2 sm:min-w-36">
          {href === undefined ? null : <Avatar githubId={githubId} className="hidden sm:block" />}
          <span className="grid min-w-0">
            <a ref={link} href={href} data-row-link={href === undefined ? undefined : ''} className="truncate font-medium">
              <UntrustedText className="block truncate">{displayName ?? username}</UntrustedText>
            </a>
            {displayName === null ? null : <UntrustedText className="text-muted block truncate text-xs">{`@${username}`}</UntrustedText>}
          </span>
          {kind === 'human' ? null : <Tag>{kind}</Tag>}
        </span>
      </th>
      <td className="number font-semibold">
        <AlignedPoints value={row.total_score} decimals={decimals} />
      </td>
      {shown.map((column) => countCell(column.field, row[column.field], isPartly(row, column)))}
      {hasRepositories ? <td className="number">{count(row.repositories_contributed)}</td> : null}
      <td className="number">
        {row.last_contribution_at === null ? (
          UNKNOWN
        ) : (
          <time dateTime={row.last_contribution_at} title={moment(row.last_contribution_at)}>
            {ago(row.last_contribution_at)}
          </time>
        )}
      </td>
      {hasSparkline ? <td>{row.sparkline === undefined ? null : <Sparkline values={row.sparkline} />}</td> : null}
    </tr>
  );
});

/** No component: a board has a thousand of them. */
function countCell(key: string, value: number | null, isPart: boolean): JSX.Element {
  if (value === null) {
    return (
      <td key={key} className="number text-muted">
        <span title="Not known: no source of this window can see it">{UNKNOWN}</span>
        <span className="sr-only"> not known</span>
      </td>
    );
  }
  return (
    <td key={key} className="number">
      {isPart ? (
        <span title="At least this many: a part is not known">
          <span aria-hidden="true">≥ </span>
          <span className="sr-only">at least </span>
          {count(value)}
        </span>
      ) : (
        count(value)
      )}
    </td>
  );
}
