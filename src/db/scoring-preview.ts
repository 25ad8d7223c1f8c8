import { needsDays, scoreSql, type ScoringRules } from '../domain/scoring.ts';
import type { Window } from '../domain/window.ts';
import { countedFacts, daySums, earningKindCodes, knownCounts } from './board-columns.ts';
import { inTransaction, type Database } from './database.ts';
import { currentScoring, type StoredScoring } from './scoring.ts';

/** Where somebody stands on a board. */
interface Place {
  readonly rank: number;
  readonly score: number;
}

/** Somebody before and after; null: not on the board. */
export interface Moved {
  readonly github_id: number;
  readonly username: string;
  readonly before: Place | null;
  readonly after: Place | null;
}

/** What other rules would do to a board. */
export interface ScoringPreview {
  /** What the board is made with now. */
  readonly scoring: StoredScoring;
  readonly window: Window | null;
  /** Ranked people, before or after. */
  readonly people: number;
  readonly unchangedRanks: number;
  /** Spearman's rho of the ranks before and after; null where they do not vary. */
  readonly rankCorrelation: number | null;
  readonly topBefore: readonly Moved[];
  readonly topAfter: readonly Moved[];
  readonly biggestMovers: readonly Moved[];
}

/** People in each list. */
const SHOWN = 50;
const STATEMENT_TIMEOUT_MS = 25_000;

/** Ranks a board with other rules beside its stored ranks and compares them; nothing is written. */
export async function previewScoring(
  db: Database,
  rules: ScoringRules,
  scope: { readonly repositoryId: number } | 'global',
): Promise<ScoringPreview> {
  return inTransaction(
    db,
    async (client) => {
      // One snapshot: what is published meanwhile is in both or in none.
      await client.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const scoring = await currentScoring(client);
      const repositoryId = scope === 'global' ? 0 : scope.repositoryId;
      const values = [repositoryId, ...(isFromDays(rules, scoring) ? [earningKindCodes(rules)] : [])];
      const { rows } = await client.query<Omit<ScoringPreview, 'scoring'>>(previewSql(rules, scoring, scope), values);
      return { ...(rows[0] as Omit<ScoringPreview, 'scoring'>), scoring };
    },
    { statementTimeoutMs: STATEMENT_TIMEOUT_MS },
  );
}

/** Boards hold neither days nor people who have only co-authored; with such rules, of then or of now, days are counted. */
function isFromDays(rules: ScoringRules, now: ScoringRules): boolean {
  return needsDays(rules) || needsDays(now);
}

function previewSql(rules: ScoringRules, now: ScoringRules, scope: { readonly repositoryId: number } | 'global'): string {
  const boards = `(SELECT * FROM board WHERE ${scope === 'global' ? 'scope <> $1' : 'scope = $1'}) AS b`;
  const counts = isFromDays(rules, now)
    ? `SELECT f.repository_id, f.person_id, ${knownCounts('f')}${countedFacts(rules, 'f')} FROM (
         SELECT d.repository_id, d.person_id, ${daySums(rules)}
         FROM ${boards} JOIN contribution_day d ON d.repository_id = b.scope AND d.day BETWEEN b.window_since AND b.window_until AND d.kind = ANY($2::smallint[])
         GROUP BY d.repository_id, d.person_id) AS f`
    : `SELECT l.* FROM ${boards}
       JOIN repository_leaderboard l ON (l.scoring_version, l.repository_id, l.version) = (b.scoring_version, b.scope, b.version)`;
  const stored =
    scope === 'global'
      ? 'SELECT l.person_id, l.rank, l.total_score FROM board b JOIN global_leaderboard l ON l.version = b.version WHERE b.scope = $1 AND l.rank IS NOT NULL'
      : `SELECT l.person_id, l.rank, l.total_score FROM board b
         JOIN repository_leaderboard l ON (l.scoring_version, l.repository_id, l.version) = (b.scoring_version, b.scope, b.version)
         WHERE b.scope = $1 AND l.rank IS NOT NULL`;
  const list = (condition: string, order: string): string => `(
    SELECT coalesce(json_agg(json_build_object('github_id', github_id, 'username', username,
        'before', CASE WHEN rank_before IS NULL THEN NULL ELSE json_build_object('rank', rank_before, 'score', score_before) END,
        'after', CASE WHEN rank_after IS NULL THEN NULL ELSE json_build_object('rank', rank_after, 'score', score_after) END)), '[]')
    FROM (SELECT m.*, u.github_id, u.username FROM move m JOIN github_user u ON u.id = m.person_id
          WHERE ${condition} ORDER BY ${order}, lower(u.username) COLLATE "C", u.id LIMIT ${SHOWN}) AS listed)`;
  // Equals share the mean of their places, as Spearman has it: else a board of ties would look reordered.
  const mean = (rank: string): string => `(${rank} + (count(*) OVER (PARTITION BY ${rank}) - 1) / 2.0)`;
  return `
    WITH before AS (${stored}),
    after AS (
      SELECT s.person_id, s.score, rank() OVER (ORDER BY s.score DESC)::int AS rank
      FROM (SELECT p.person_id, sum(p.score) AS score
            FROM (SELECT c.person_id, ${scoreSql(rules, 'c')} AS score FROM (${counts}) AS c) AS p GROUP BY p.person_id) AS s
      JOIN github_user u ON u.id = s.person_id WHERE u.kind = 'human'),
    move AS MATERIALIZED (
      SELECT coalesce(b.person_id, a.person_id) AS person_id, b.rank AS rank_before, a.rank AS rank_after,
        b.total_score AS score_before, a.score AS score_after
      FROM before b FULL JOIN after a ON a.person_id = b.person_id),
    both_ranked AS (
      SELECT ${mean('rank_before')} AS mean_before, ${mean('rank_after')} AS mean_after FROM move WHERE rank_before IS NOT NULL AND rank_after IS NOT NULL)
    SELECT
      (SELECT json_build_object('since', window_since, 'until', window_until) FROM board WHERE scope = $1) AS window,
      (SELECT count(*)::int FROM move) AS people,
      (SELECT count(*)::int FROM move WHERE rank_before = rank_after) AS "unchangedRanks",
      (SELECT corr(mean_before, mean_after) FROM both_ranked) AS "rankCorrelation",
      ${list('rank_before IS NOT NULL', 'rank_before')} AS "topBefore",
      ${list('rank_after IS NOT NULL', 'rank_after')} AS "topAfter",
      ${list('rank_before <> rank_after', 'abs(rank_before - rank_after) DESC, rank_before')} AS "biggestMovers"`;
}
