import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  CONTRIBUTION_KINDS,
  type Contribution,
  type ContributionKind,
  type PullRequestFact,
  type SourceName,
} from '../../src/domain/contribution.ts';
import type { CoveredRange } from '../../src/domain/coverage.ts';
import { addDays, type Window } from '../../src/domain/window.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { account, did, newRepository, scrape, storedContributions, type Read } from './publishing.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const FIRST = '2026-01-01';
const PEOPLE = [1, 2, 3].map((number) => account(number));
const KINDS = ['COMMIT', 'PR_OPENED', 'PR_MERGED', 'PR_REVIEWED', 'ISSUE_CLOSED'] as const satisfies readonly ContributionKind[];

const person = fc.option(fc.constantFrom(...PEOPLE), { nil: null, freq: 6 });
const day = fc.nat(39).map((days) => addDays(FIRST, days));

/** Few keys, so that sources often speak of the same row and differ. */
const row = fc.record({
  kind: fc.constantFrom(...KINDS),
  number: fc.integer({ min: 1, max: 4 }),
  actor: person,
  day,
  lines: fc.option(fc.nat(99)),
});
const fact = fc.record({ number: fc.integer({ min: 1, max: 4 }), author: person, createdAt: fc.option(day.map((one) => new Date(one))) });

/** What a source has to say: the same each time it is read. */
const said = fc.record({
  since: fc.nat(25),
  days: fc.integer({ min: 1, max: 20 }),
  rows: fc.array(row, { maxLength: 12 }),
  facts: fc.uniqueArray(fact, { maxLength: 4, selector: ({ number }) => number }),
  /** Kinds that are read in part, and not at all (archives read every kind at once). */
  degraded: fc.subarray([...KINDS], { maxLength: 2 }),
  unread: fc.subarray([...KINDS], { maxLength: 1 }),
});
type Said = typeof said extends fc.Arbitrary<infer T> ? T : never;

function readOf(source: SourceName, { since, days, rows, facts, degraded, unread }: Said): Read {
  const window: Window = { since: addDays(FIRST, since), until: addDays(FIRST, since + days) };
  const isWhole = source !== 'github';
  const covered = CONTRIBUTION_KINDS.filter((kind) => isWhole || !(unread as readonly string[]).includes(kind)).map((kind): CoveredRange =>
    (degraded as readonly string[]).includes(kind)
      ? { kind, ...window, state: 'degraded', note: 'a part' }
      : { kind, ...window, state: 'complete', note: null },
  );
  const contributions = rows.map(({ kind, number, actor, day, lines }, index): Contribution => {
    const isPush = kind === 'COMMIT' && isWhole;
    const subject =
      kind === 'COMMIT'
        ? isPush
          ? `push:${number}`
          : `sha${number}`
        : kind === 'PR_REVIEWED'
          ? `${number}:${actor?.githubId ?? `ghost:${index}`}`
          : String(number);
    return did(kind, subject, actor, `${day}T12:00:${String(index).padStart(2, '0')}Z`, {
      number: kind === 'COMMIT' ? null : number,
      quantity: isPush ? number : 1,
      isEstimate: isPush,
      linesAdded: lines,
      linesDeleted: lines,
    });
  });
  const pullRequests = facts.map((one): PullRequestFact => ({ ...one, mergedAt: null, baseRef: null }));
  return { source, window, covered, pullRequests, batches: [contributions] };
}

/** All that boards and coverage are made of. */
async function outcomeOf(order: readonly SourceName[], reads: Readonly<Partial<Record<SourceName, Read>>>): Promise<unknown> {
  const { db } = database;
  const repository = await newRepository(db);
  for (const source of order) await scrape(db, repository, reads[source] as Read);
  const query = async (sql: string): Promise<unknown> => (await db.pool.query(sql, [repository.id])).rows;
  return {
    rows: await storedContributions(db, repository.id),
    days: await query(
      `SELECT person_id, day, kind, quantity, unknown, lines_unknown, lines_added, lines_deleted, first_at, last_at
       FROM contribution_day WHERE repository_id = $1 ORDER BY person_id, day, kind`,
    ),
    board: await query(
      `SELECT l.person_id, l.rank, l.total_score FROM board b
       JOIN repository_leaderboard l ON (l.repository_id, l.version, l.scoring_version) = (b.scope, b.version, b.scoring_version)
       WHERE b.scope = $1 ORDER BY l.person_id`,
    ),
    facts: await query('SELECT number, author_id, created_at, source FROM pull_request WHERE repository_id = $1 ORDER BY number'),
    covered: await query('SELECT source, kind, during, state FROM covered_range WHERE repository_id = $1 ORDER BY source, kind, during'),
  };
}

test('GitHub and the archive in any order, and twice, give the same rows, boards and coverage (property)', async () => {
  const names: readonly SourceName[] = ['github', 'gharchive'];
  const orders = fc
    .array(fc.constantFrom(...names), { minLength: 2, maxLength: 4 })
    .filter((order) => names.every((name) => order.includes(name)));
  await fc.assert(
    fc.asyncProperty(said, said, orders, async (github, archive, order) => {
      const reads = { github: readOf('github', github), gharchive: readOf('gharchive', archive) };
      expect(await outcomeOf(order, reads)).toEqual(await outcomeOf(['gharchive', 'github'], reads));
    }),
    { numRuns: 40, endOnFailure: true },
  );
}, 60_000);
