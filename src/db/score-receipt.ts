import { KIND_CODES } from '../domain/contribution.ts';
import { countedColumns, SCORED, SCORED_NAMES, type Scored } from '../domain/scoring.ts';
import { receiptOf, sumOfReceipts, type Receipt } from '../domain/receipt.ts';
import { DEFAULT_WINDOW, presetWindow, type Window } from '../domain/window.ts';
import { countedFacts, daySums, earningKindCodes, incompleteKinds, knownCounts } from './board-columns.ts';
import { databaseToday, inTransaction, type Database, type Queryable } from './database.ts';
import { currentScoring, type StoredScoring } from './scoring.ts';

/** How a person's score came about in one repository. */
interface RepositoryReceipt {
  readonly repository: { readonly id: number; readonly owner: string; readonly name: string; readonly isSample: boolean };
  readonly window: Window;
  readonly receipt: Receipt;
  /** Kinds of which the count is the sum of the known part. */
  readonly incomplete: readonly string[];
}

/** How a person's score came about, in one repository or in all. */
export interface ScoreReceipt {
  readonly scoring: StoredScoring;
  readonly window: Window;
  /** Over all of `repositories`. */
  readonly receipt: Receipt;
  readonly incomplete: readonly string[];
  /** By score, best first. */
  readonly repositories: readonly RepositoryReceipt[];
  /** What the stored board says; null for a window that has none, and for somebody who is not on it. `score` as the board's decimal. */
  readonly board: { readonly score: string; readonly rank: number | null } | null;
}

/** Whose receipt, where, and over which days; `default`: those of the stored boards. */
export interface ReceiptQuery {
  readonly personId: number;
  readonly scope: { readonly repositoryId: number } | 'global';
  readonly window: Window | 'default';
}

/**
 * The receipt of a score, computed from the person's days with the scoring that boards are made with, in one snapshot with what the
 * board says. Of a repository the two agree; the global board is behind for the moment between a publish and the rebuild that follows.
 */
export async function readReceipt(db: Database, q: ReceiptQuery): Promise<ScoreReceipt> {
  return inTransaction(db, async (client) => {
    await client.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const scoring = await currentScoring(client);
    const repositories = (await daysOf(client, q, scoring))
      .map((row) => repositoryReceipt(row, scoring))
      .sort((a, b) => (a.receipt.total === b.receipt.total ? 0 : a.receipt.total > b.receipt.total ? -1 : 1));
    const receipt = sumOfReceipts(
      repositories.map((one) => one.receipt),
      scoring,
    );
    const incomplete = SCORED_NAMES.filter((name) =>
      repositories.some((one) => one.incomplete.includes(name) || isUnknown(one.receipt, name)),
    ).filter((name) => !isUnknown(receipt, name));
    return { scoring, window: await windowOf(client, q), receipt, incomplete, repositories, board: await boardOf(client, q) };
  });
}

interface DaysRow extends Readonly<Record<string, unknown>> {
  readonly id: number;
  readonly owner: string;
  readonly name: string;
  readonly isSample: boolean;
  readonly since: string;
  readonly until: string;
  readonly unknown_kinds: number;
}

/** What the person did, per repository: the counts of boards, and what of them counts. */
async function daysOf(client: Queryable, q: ReceiptQuery, scoring: StoredScoring): Promise<readonly DaysRow[]> {
  const values: unknown[] = [q.personId, earningKindCodes(scoring)];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const [since, until] =
    q.window === 'default' ? ['b.window_since', 'b.window_until'] : [`${bind(q.window.since)}::date`, `${bind(q.window.until)}::date`];
  const boards = q.window === 'default' ? 'JOIN board b ON b.scope = d.repository_id' : '';
  const where = q.scope === 'global' ? '' : `AND d.repository_id = ${bind(q.scope.repositoryId)}`;
  const { rows } = await client.query<DaysRow>(
    `SELECT r.id, r.owner, r.name, r.is_sample AS "isSample", f.since, f.until, f.unknown_kinds, ${knownCounts('f')}${countedFacts(scoring, 'f')}, f.coauthored
     FROM (
       SELECT d.repository_id, ${since} AS since, ${until} AS until, ${daySums(scoring)}, coalesce(sum(d.quantity) FILTER (WHERE d.kind = ${KIND_CODES.COMMIT_COAUTHOR}), 0) AS coauthored
       FROM contribution_day d ${boards}
       WHERE d.person_id = $1 AND d.kind = ANY($2::smallint[]) AND d.day BETWEEN ${since} AND ${until} ${where} GROUP BY 1, 2, 3
     ) AS f JOIN repository r ON r.id = f.repository_id ORDER BY lower(r.owner), lower(r.name)`,
    values,
  );
  return rows;
}

function repositoryReceipt(row: DaysRow, scoring: StoredScoring): RepositoryReceipt {
  const figure = (column: string): number | null => (row[column] ?? null) as number | null;
  const done = Object.fromEntries(SCORED_NAMES.map((name) => [name, figure(SCORED[name].column)])) as Record<Scored, number | null>;
  const counts = { ...done, COMMIT_COAUTHOR: figure('coauthored') };
  // A capped sum over no known day is null; that of somebody who did nothing of the kind is 0.
  const capped = countedColumns(scoring).map(({ kind, column }) => [kind, figure(column) ?? (counts[kind] === null ? null : 0)] as const);
  const counted = { ...counts, ...Object.fromEntries(capped) };
  return {
    repository: { id: row.id, owner: row.owner, name: row.name, isSample: row.isSample },
    window: { since: row.since, until: row.until },
    receipt: receiptOf(counts, counted, scoring),
    incomplete: incompleteKinds(row.unknown_kinds, row),
  };
}

function isUnknown({ lines, bonus }: Receipt, name: Scored): boolean {
  return [...lines, ...bonus.lines].some((line) => line.name === name && line.count === null);
}

async function windowOf(client: Queryable, q: ReceiptQuery): Promise<Window> {
  if (q.window !== 'default') return q.window;
  const { rows } = await client.query<Window>('SELECT window_since AS since, window_until AS until FROM board WHERE scope = $1', [
    q.scope === 'global' ? 0 : q.scope.repositoryId,
  ]);
  return rows[0] ?? presetWindow(DEFAULT_WINDOW, await databaseToday(client));
}

async function boardOf(client: Queryable, q: ReceiptQuery): Promise<ScoreReceipt['board']> {
  if (q.window !== 'default') return null;
  const { rows } = await client.query<{ score: string; rank: number | null }>(
    q.scope === 'global'
      ? `SELECT l.total_score::text AS score, l.rank FROM board b JOIN global_leaderboard l ON l.version = b.version
         WHERE b.scope = 0 AND l.person_id = $1`
      : `SELECT l.total_score::text AS score, l.rank FROM board b
         JOIN repository_leaderboard l ON (l.scoring_version, l.repository_id, l.version) = (b.scoring_version, b.scope, b.version)
         WHERE b.scope = $2 AND l.person_id = $1`,
    q.scope === 'global' ? [q.personId] : [q.personId, q.scope.repositoryId],
  );
  return rows[0] ?? null;
}
