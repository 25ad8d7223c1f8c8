import { DEFAULT_WINDOW, presetWindow, type Day, type Window } from '../domain/window.ts';
import { queryable, type Database, type Queryable } from './database.ts';
import { currentScoring } from './scoring.ts';

/** Whose contributions a board counts: those to one repository, to some, or to all. */
export type BoardScope = 'global' | { readonly repositoryId: number } | { readonly repositoryIds: readonly number[] };

/** What stands behind a board at a moment. */
export interface BoardState {
  /** Of the stored board: the repository's, or the global one. */
  readonly version: number;
  readonly previousVersion: number | null;
  readonly scoringVersion: number;
  readonly previousScoringVersion: number | null;
  readonly window: Window;
  readonly asOf: Date | null;
  /** People on the stored default board. */
  readonly people: number;
  readonly comparedTo: Day | null;
  /** Changes whenever days, scores or people of the repositories in question do: what is ranked on request is ranked of this. Of a
   *  stored board of all repositories it says nothing. */
  readonly data: string;
  /** Changes whenever anything that a page shows does, names of people excepted. */
  readonly stamp: string;
  readonly today: Day;
}

const GLOBAL_SCOPE = 0;

/** The repositories a scope names; null: all. */
export function repositoriesIn(scope: BoardScope): readonly number[] | null {
  if (scope === 'global') return null;
  return 'repositoryId' in scope ? [scope.repositoryId] : scope.repositoryIds;
}

/** The scope of the stored board that a board is shown with. */
export function storedScopeOf(scope: BoardScope): number {
  return typeof scope === 'object' && 'repositoryId' in scope ? scope.repositoryId : GLOBAL_SCOPE;
}

/**
 * SQL of a number that changes with every rebuild of one of the boards of `ids` (an SQL array; null: of all). Not their newest version:
 * of two publishes at once the one with the higher version may be seen first.
 */
export function dataVersionSql(ids: string): string {
  return `coalesce((SELECT sum(hashint8extended(v.version, v.scope)) FROM board v
    WHERE v.scope <> ${GLOBAL_SCOPE} AND (${ids} IS NULL OR v.scope = ANY(${ids}))), 0)::text`;
}

interface StateRow extends Omit<BoardState, 'window' | 'version' | 'scoringVersion'> {
  readonly version: number | null;
  readonly scoringVersion: number | null;
  readonly since: Day | null;
  readonly until: Day | null;
  readonly identity: string;
  readonly coverage: string;
}

/**
 * Reads what stands behind a board now. A board that was never made has version 0 and the window it will have. `isStored`: only the
 * stored board is to be read, so that the versions of all others need not be looked at.
 */
export async function readBoardState(db: Database | Queryable, scope: BoardScope, isStored: boolean): Promise<BoardState> {
  const { rows } = await queryable(db).query<StateRow>({
    name: 'board-state',
    text: `SELECT b.version, b.previous_version AS "previousVersion", b.scoring_version AS "scoringVersion",
             b.previous_scoring_version AS "previousScoringVersion", b.window_since AS since, b.window_until AS until,
             coalesce(r.last_scraped_at, b.as_of) AS "asOf", coalesce(b.people, 0) AS people, b.compared_to AS "comparedTo",
             CASE WHEN $3 THEN '' ELSE ${dataVersionSql('$2::bigint[]')} END AS data, (now() AT TIME ZONE 'UTC')::date AS today,
             (SELECT s.value FROM setting s WHERE s.name = 'identity_version')::text AS identity,
             (SELECT s.value FROM setting s WHERE s.name = 'coverage_version')::text AS coverage
           FROM (SELECT $1::bigint AS scope) AS asked LEFT JOIN board b ON b.scope = asked.scope LEFT JOIN repository r ON r.id = b.scope`,
    values: [storedScopeOf(scope), repositoriesIn(scope), isStored && scope === 'global'],
  });
  const { since, until, identity, coverage, ...row } = rows[0] as StateRow;
  const data = `${row.data}.${identity}`;
  const stamp = [row.version, data, row.asOf?.getTime(), coverage, row.today].join('.');
  if (row.version !== null && row.scoringVersion !== null && since !== null && until !== null) {
    return { ...row, version: row.version, scoringVersion: row.scoringVersion, window: { since, until }, data, stamp };
  }
  const { version: scoringVersion } = await currentScoring(db);
  return { ...row, version: 0, scoringVersion, window: presetWindow(DEFAULT_WINDOW, row.today), data, stamp };
}
