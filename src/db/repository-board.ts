import { scoreSql, type Scoring } from '../domain/scoring.ts';
import { addDays, presetWindow, DEFAULT_WINDOW, type Day } from '../domain/window.ts';
import { COUNT_COLUMNS, countedFacts, daySums, earningKindCodes, knownCounts } from './board-columns.ts';
import type { Queryable } from './database.ts';

/** Rank changes compare with the same board this many days earlier. */
export const COMPARED_DAYS = 7;

/** Every column of a board's row after its keys, rank and position. */
export const BOARD_FACTS: readonly string[] = [
  'total_score',
  ...COUNT_COLUMNS,
  'unknown_kinds',
  'first_contribution_at',
  'last_contribution_at',
];

/**
 * SQL of a board's rank (1, 2, 2, 4) and position (order among equals) over rows that are sorted by {@link rankOrder} already. Who is
 * not ranked has neither. `group` separates boards.
 */
export function rankSql(group: string | null): string {
  // One window for both: rows of equal key are numbered as they come, which the sorted subquery decides. Two windows cost a pass more.
  const window = `(${group === null ? '' : `PARTITION BY ${group} `}ORDER BY key DESC NULLS LAST)`;
  return `CASE WHEN key IS NOT NULL THEN (rank() OVER ${window})::int END AS rank,
    CASE WHEN key IS NOT NULL THEN (row_number() OVER ${window})::int END AS position`;
}

/** SQL of the order {@link rankSql} needs: best key first, who has none last, equals by `ties`. */
export function rankOrder(group: string | null, ties: string): string {
  return `ORDER BY ${group === null ? '' : `${group}, `}key DESC NULLS LAST, ${ties}`;
}

/** SQL of the order of logins, which decides among equal scores. `u`: the person. */
export const LOGIN_ORDER = `lower(u.username) COLLATE "C", u.id`;

/** SQL of everything a repository's board is made of; equal fingerprints need no ranking. */
function fingerprintSql(scoring: Scoring, since: string, until: string): string {
  return `sha256(convert_to(concat_ws('|', r.id, r.rollup_version, ${scoring.version}, (SELECT value FROM setting WHERE name = 'identity_version'), ${since}, ${until}), 'UTF8'))`;
}

/**
 * Ranks the default board (2 years up to today) of repositories anew, all in one set of statements, and switches readers to it; of
 * those whose inputs are unchanged nothing is written. A board that ended before today is kept as the snapshot of its last day.
 * `ids` 'all': every repository that was ever published. Says how many boards changed. Needs the partitions of the snapshots.
 */
export async function rankRepositories(
  client: Queryable,
  o: { readonly ids: readonly number[] | 'all'; readonly today: Day; readonly scoring: Scoring },
): Promise<number> {
  const { since, until } = presetWindow(DEFAULT_WINDOW, o.today);
  const { rows: stale } = await client.query<{ id: number }>(
    `SELECT r.id FROM repository r LEFT JOIN board b ON b.scope = r.id
     WHERE r.last_scraped_at IS NOT NULL AND ($1::bigint[] IS NULL OR r.id = ANY($1))
       AND b.fingerprint IS DISTINCT FROM ${fingerprintSql(o.scoring, '$2::date', '$3::date')} ORDER BY r.id`,
    [o.ids === 'all' ? null : o.ids, since, until],
  );
  if (stale.length === 0) return 0;
  const ids = stale.map(({ id }) => id);
  await client.query(
    `INSERT INTO leaderboard_snapshot (scope, person_id, day, rank, total_score)
     SELECT b.scope, l.person_id, b.window_until, l.rank, l.total_score
     FROM board b JOIN repository_leaderboard l ON (l.scoring_version, l.repository_id, l.version) = (b.scoring_version, b.scope, b.version)
     WHERE b.scope = ANY($1) AND b.window_until < $2 AND l.rank IS NOT NULL ON CONFLICT DO NOTHING`,
    [ids, o.today],
  );
  const version = await nextBoardVersion(client);
  const facts = BOARD_FACTS.join(', ');
  await client.query(
    `INSERT INTO repository_leaderboard (scoring_version, repository_id, version, person_id, ${facts}, login_order, rank, position)
     SELECT ${o.scoring.version}, repository_id, ${version}, person_id, ${facts}, login_order, ${rankSql('repository_id')}
     FROM (
       SELECT s.*, CASE WHEN u.kind = 'human' THEN s.total_score END AS key,
         (row_number() OVER (PARTITION BY s.repository_id ORDER BY ${LOGIN_ORDER}))::int AS login_order
       FROM (
         SELECT c.*, ${scoreSql(o.scoring, 'c')} AS total_score
         FROM (
           SELECT f.repository_id, f.person_id, f.unknown_kinds, f.first_contribution_at, f.last_contribution_at,
             ${knownCounts('f')}${countedFacts(o.scoring, 'f')}
           FROM (
             SELECT d.repository_id, d.person_id, ${daySums(o.scoring)} FROM contribution_day d
             WHERE d.repository_id = ANY($1) AND d.day BETWEEN $2 AND $3 AND d.kind = ANY($4::smallint[]) GROUP BY d.repository_id, d.person_id
           ) AS f
         ) AS c
       ) AS s JOIN github_user u ON u.id = s.person_id
       ${rankOrder('s.repository_id', 'login_order')}
     ) AS ordered`,
    [ids, since, until, earningKindCodes(o.scoring)],
  );
  await client.query(
    `INSERT INTO board AS b (scope, version, scoring_version, identity_version, window_since, window_until, fingerprint, as_of, people, compared_to)
     SELECT r.id, $4, ${o.scoring.version}, (SELECT value::text::bigint FROM setting WHERE name = 'identity_version'), $2, $3,
       ${fingerprintSql(o.scoring, '$2::date', '$3::date')}, now(),
       (SELECT count(*) FROM repository_leaderboard l
        WHERE (l.scoring_version, l.repository_id, l.version) = (${o.scoring.version}, r.id, $4) AND l.rank IS NOT NULL),
       (SELECT s.day FROM leaderboard_snapshot s WHERE s.scope = r.id AND s.day = $5 LIMIT 1)
     FROM repository r WHERE r.id = ANY($1) ORDER BY r.id
     ON CONFLICT (scope) DO UPDATE SET
       previous_version = b.version, previous_scoring_version = b.scoring_version, version = excluded.version,
       scoring_version = excluded.scoring_version, identity_version = excluded.identity_version, window_since = excluded.window_since,
       window_until = excluded.window_until, fingerprint = excluded.fingerprint, as_of = excluded.as_of, people = excluded.people,
       compared_to = excluded.compared_to`,
    [ids, since, until, version, addDays(until, -COMPARED_DAYS)],
  );
  await client.query(
    `DELETE FROM repository_leaderboard l USING board b
     WHERE l.repository_id = ANY($1) AND b.scope = l.repository_id AND l.version <> b.version AND l.version IS DISTINCT FROM b.previous_version`,
    [ids],
  );
  return ids.length;
}

/** The number of the next board; versions are never used twice, whatever the board. */
export async function nextBoardVersion(client: Queryable): Promise<number> {
  const { rows } = await client.query<{ version: number }>(`SELECT nextval('board_version_seq') AS version`);
  return (rows[0] as { version: number }).version;
}
