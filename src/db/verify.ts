import type { PoolClient } from 'pg';
import type { Database } from './database.ts';
import { foreignKeys } from './foreign-keys.ts';
import { boardInvariants } from './invariants/boards.ts';
import { coverageInvariants } from './invariants/coverage.ts';
import type { Invariant, InvariantFinding } from './invariants/invariant.ts';
import { jobInvariants } from './invariants/jobs.ts';
import { rowInvariants } from './invariants/rows.ts';
import { strayJobs, type WorkflowState } from './invariants/workflows.ts';
import { inSnapshot } from './snapshot.ts';

export type { InvariantFinding } from './invariants/invariant.ts';

/** What a verification has found; sound is what violates nothing. */
export interface Verification {
  readonly isSound: boolean;
  readonly findings: readonly InvariantFinding[];
}

/** How to look. */
export interface VerifyOptions {
  /** Nothing is under way and everything has followed: what waits for a rebuild is wrong then, too. Default false. */
  readonly isSettled?: boolean;
  /** A Laurels works on the database. Default false. */
  readonly isRunning?: boolean;
  /** How long lines of jobs are kept. Default 30 days. */
  readonly logDays?: number;
  /** Says how the workflow of a job stands; null: Temporal does not answer. Left out: workflows are not asked for. */
  readonly workflowState?: (job: { readonly workflowId: string }) => Promise<WorkflowState | null>;
  /** For so long a job may stand unfinished without a running workflow. Default 60 s. */
  readonly patienceMs?: number;
  /** Called as each invariant was looked at. */
  readonly onFinding?: (finding: InvariantFinding) => void;
}

const EXAMPLES = 5;
const STATEMENT_TIMEOUT_MS = 15 * 60_000;
const DEFAULT_LOG_DAYS = 30;
const DEFAULT_PATIENCE_MS = 60_000;

/**
 * Holds what is stored against what must hold, one statement per invariant, all in one snapshot that nothing is written in. It may run
 * beside everything else; partitions that a rebuild would drop are kept until it is through.
 */
export async function verifyDatabase(db: Database, o: VerifyOptions = {}): Promise<Verification> {
  const stored = await inSnapshot(db, (client) => verifyStored(client, o), { statementTimeoutMs: STATEMENT_TIMEOUT_MS });
  const { workflowState = null, patienceMs = DEFAULT_PATIENCE_MS } = o;
  const stray = await strayJobs(db, { workflowState, patienceMs, examples: EXAMPLES });
  o.onFinding?.(stray);
  const findings = [...stored, stray];
  return { isSound: findings.every(({ violations }) => violations === 0), findings };
}

/** The part of {@link verifyDatabase} that needs the database alone, inside somebody's transaction. */
export async function verifyStored(
  client: PoolClient,
  { isSettled = false, isRunning = false, logDays = DEFAULT_LOG_DAYS, onFinding }: VerifyOptions = {},
): Promise<readonly InvariantFinding[]> {
  // All rows of a table are joined with all of another: loops are only ever chosen by statistics that are behind.
  await client.query(`SET LOCAL enable_nestloop = off; SET LOCAL work_mem = '64MB'; SET LOCAL jit = off`);
  const keys = await foreignKeys(client);
  const findings: InvariantFinding[] = [];
  for (const invariant of [
    ...boardInvariants({ isSettled, isRunning }),
    ...rowInvariants(keys),
    ...jobInvariants(logDays),
    ...coverageInvariants,
  ]) {
    const finding = await look(client, invariant);
    findings.push(finding);
    onFinding?.(finding);
  }
  return findings;
}

async function look(client: PoolClient, invariant: Invariant): Promise<InvariantFinding> {
  const { name, promise, unit, unless = 'NULL' } = invariant;
  const { rows } = await client.query<{ skipped: string | null; checked: number | null; violations: number; examples: Example[] }>(
    `WITH reason AS MATERIALIZED (SELECT (${unless})::text AS skipped),
     violation AS MATERIALIZED (SELECT v.* FROM (${invariant.violations}) AS v WHERE (SELECT skipped FROM reason) IS NULL)
     SELECT (SELECT skipped FROM reason) AS skipped, (${invariant.checked})::bigint AS checked, (SELECT count(*)::int FROM violation) AS violations,
       (SELECT coalesce(json_agg(e), '[]') FROM (SELECT * FROM violation LIMIT ${EXAMPLES}) AS e) AS examples`,
  );
  const row = rows[0] as (typeof rows)[number];
  return {
    name,
    promise,
    unit,
    checked: row.skipped === null ? (row.checked ?? 0) : 0,
    violations: row.violations,
    examples: row.examples.map(differing),
    skipped: row.skipped,
  };
}

type Example = Readonly<Record<string, unknown>>;

/** Leaves out of `stored` and `expected` what is the same in both. */
function differing(example: Example): Example {
  const { stored, expected } = example;
  if (!isObject(stored) || !isObject(expected)) return example;
  const names = Object.keys(expected).filter((name) => name in stored && JSON.stringify(stored[name]) !== JSON.stringify(expected[name]));
  const only = (row: Example): Example => Object.fromEntries(names.map((name) => [name, row[name]]));
  return { ...example, stored: only(stored), expected: only(expected) };
}

function isObject(value: unknown): value is Example {
  return typeof value === 'object' && value !== null;
}
