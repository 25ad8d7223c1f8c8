import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readBoard } from '../../src/db/board-query.ts';
import { rebuildGlobalBoard } from '../../src/db/boards.ts';
import { databaseToday } from '../../src/db/database.ts';
import { findPerson } from '../../src/db/people.ts';
import { deleteRepository, type StoredRepository } from '../../src/db/repositories.ts';
import { readReceipt, type ScoreReceipt } from '../../src/db/score-receipt.ts';
import { newestScoring, saveScoring } from '../../src/db/scoring.ts';
import type { Account, Contribution, ContributionKind } from '../../src/domain/contribution.ts';
import {
  CAPPABLE,
  decimalOf,
  earningKinds,
  lineBonusOf,
  numberOf,
  pointsOf,
  SCORED_KINDS,
  SCORED_NAMES,
  weightOf,
  type Points,
  type Scored,
  type ScoringRules,
} from '../../src/domain/scoring.ts';
import { addDays, presetWindow, type Day, type Window } from '../../src/domain/window.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { account, did, newRepository, scrape } from './publishing.ts';

let database: TestDatabase;
let today: Day;
beforeAll(async () => {
  database = await createTestDatabase();
  today = await databaseToday(database.db);
});
afterAll(() => database.drop());

const PEOPLE: readonly Account[] = ['ada', 'bob', 'carla', 'dep-bot'].map((login, index) => account(500 + index, login));
const DAYS_AGO = [0, 1, 29, 30, 700, 740];

interface Drawn {
  readonly where: 0 | 1;
  readonly kind: ContributionKind;
  readonly who: Account;
  readonly daysAgo: number;
  readonly quantity: number | null;
  readonly lines: number | null;
}
const drawn: fc.Arbitrary<Drawn> = fc.record({
  where: fc.constantFrom(0 as const, 1 as const),
  kind: fc.constantFrom<ContributionKind>(...SCORED_KINDS, 'COMMIT', 'PR_MERGED', 'COMMIT_COAUTHOR'),
  who: fc.constantFrom(...PEOPLE),
  daysAgo: fc.constantFrom(...DAYS_AGO),
  quantity: fc.option(fc.nat(30), { nil: null, freq: 4 }),
  lines: fc.option(fc.nat(90_000), { nil: null, freq: 4 }),
});
const weight = fc.integer({ min: 0, max: 300_000 }).map(BigInt);
const rules: fc.Arbitrary<ScoringRules> = fc.record({
  weights: fc.record(Object.fromEntries(SCORED_NAMES.map((name) => [name, weight]))) as fc.Arbitrary<Record<Scored, Points>>,
  lineBonusCap: fc.constantFrom('0', '0.5', '500', '9999.9999').map(pointsOf),
  options: fc.record({
    coauthorCredit: fc.boolean(),
    dailyCaps: fc.record(Object.fromEntries(CAPPABLE.map((kind) => [kind, fc.integer({ min: 1, max: 5 })])), { requiredKeys: [] }),
    concaveLines: fc.boolean(),
  }),
});

function contributionOf({ kind, who, daysAgo, quantity, lines }: Drawn, index: number): Contribution {
  const subject =
    kind === 'COMMIT_COAUTHOR' ? `sha${index}:${who.githubId}` : kind === 'PR_REVIEWED' ? `${index}:${who.githubId}` : `${index}`;
  return did(kind, subject, who, `${addDays(today, -daysAgo)}T12:00:00Z`, {
    number: kind.startsWith('PR_') && kind !== 'PR_REVIEW_COMMENT' ? index : null,
    quantity: kind === 'COMMIT' ? quantity : 1,
    linesAdded: kind === 'PR_MERGED' ? lines : null,
    linesDeleted: kind === 'PR_MERGED' ? lines : null,
  });
}

/** What a kind counts, day by day: the rule once more, without SQL. */
function countedOf(mine: readonly Drawn[], kind: ContributionKind, cap: number | undefined): number {
  return DAYS_AGO.map((daysAgo) =>
    mine
      .filter((one) => one.kind === kind && one.daysAgo === daysAgo)
      .reduce((sum, one) => sum + (kind === 'COMMIT' ? (one.quantity ?? 0) : 1), 0),
  ).reduce((sum, day) => sum + Math.min(day, cap ?? day), 0);
}

function refuseFalseSums({ receipt, repositories }: ScoreReceipt, given: ScoringRules): void {
  for (const one of [receipt, ...repositories.map((repository) => repository.receipt)]) {
    for (const line of [...one.lines, ...one.bonus.lines]) expect(line.points).toBe(BigInt(line.counted ?? 0) * line.each);
    expect(one.lines.reduce((sum, { points }) => sum + points, one.bonus.points)).toBe(one.total);
  }
  for (const { receipt: one } of repositories) expect(one.bonus.points).toBe(lineBonusOf(one.bonus.earned, given));
  expect(repositories.reduce((sum, one) => sum + one.receipt.total, 0n)).toBe(receipt.total);
}

test('receipts add up to what boards say, to the last ten-thousandth: any data, rules, options and window, stored and on request', async () => {
  const { db } = database;
  await fc.assert(
    fc.asyncProperty(
      fc.array(drawn, { minLength: 1, maxLength: 40 }),
      fc.array(rules, { minLength: 1, maxLength: 2 }),
      async (draws, scorings) => {
        const repositories = [await newRepository(db), await newRepository(db)] as const;
        const window = { since: addDays(today, -900), until: today };
        for (const [where, repository] of repositories.entries()) {
          const batch = draws.map((draw, index) => [draw, contributionOf(draw, index)] as const).filter(([draw]) => draw.where === where);
          await scrape(db, repository, { source: 'gharchive', window, batches: [batch.map(([, contribution]) => contribution)] });
        }
        await rebuildGlobalBoard(db);
        for (const given of scorings) {
          await saveScoring(db.pool, { ...given, version: (await newestScoring(db)).version + 1 }, 'test', null);
          await rebuildGlobalBoard(db);
          for (const days of ['default', presetWindow('30d', today)] as const) await compare(repositories, draws, given, days);
        }
        for (const repository of repositories) await deleteRepository(db, repository.id);
      },
    ),
    { numRuns: 8 },
  );

  async function compare(
    repositories: readonly [StoredRepository, StoredRepository],
    draws: readonly Drawn[],
    given: ScoringRules,
    days: Window | 'default',
  ): Promise<void> {
    const { since } = days === 'default' ? presetWindow('2y', today) : days;
    for (const scope of ['global', ...repositories.map(({ id }) => ({ repositoryId: id }))] as const) {
      const board = await readBoard(db, { scope, window: days, include: ['bots'], limit: 'all' });
      for (const who of PEOPLE) {
        const person = await findPerson(db, who.login);
        if (person === null) continue;
        const found = await readReceipt(db, { personId: person.id, scope, window: days });
        refuseFalseSums(found, given);
        const row = board.data.find(({ contributor }) => contributor.github_id === who.githubId);
        expect(numberOf(found.receipt.total)).toBe(row?.total_score ?? 0);
        if (days === 'default') expect(found.board?.score ?? '0.0000').toBe(decimalOf(found.receipt.total));
        const mine = draws.filter(
          (draw) =>
            draw.who === who &&
            addDays(today, -draw.daysAgo) >= since &&
            (scope === 'global' || repositories[draw.where].id === scope.repositoryId),
        );
        for (const line of found.receipt.lines) {
          const capped = [0, 1].map((where) =>
            countedOf(
              mine.filter((draw) => draw.where === where),
              line.name,
              given.options.dailyCaps[line.name],
            ),
          );
          expect(line.counted ?? 0).toBe(capped.reduce((sum, part) => sum + part, 0));
          expect(line.each).toBe(weightOf(line.name, given));
        }
        expect(found.receipt.lines.map(({ name }) => name)).toEqual(earningKinds(given));
      }
    }
  }
}, 120_000);

test('what is not known is shown as not known and earns nothing', async () => {
  const { db } = database;
  const repository = await newRepository(db);
  const at = `${addDays(today, -1)}T12:00:00Z`;
  await scrape(db, repository, {
    source: 'gharchive',
    window: { since: addDays(today, -10), until: today },
    batches: [
      [
        did('COMMIT', 'push:1', account(600, 'eve'), at, { quantity: null }),
        did('PR_MERGED', 1, account(600, 'eve'), at, { linesAdded: null, linesDeleted: null }),
        did('PR_MERGED', 2, account(600, 'eve'), at, { linesAdded: 100, linesDeleted: 0 }),
      ],
    ],
  });
  const person = await findPerson(db, 'eve');
  const { receipt, incomplete } = await readReceipt(db, {
    personId: person!.id,
    scope: { repositoryId: repository.id },
    window: 'default',
  });
  expect(receipt.lines.find(({ name }) => name === 'COMMIT')).toMatchObject({ count: null, counted: null, points: 0n });
  expect(receipt.bonus.lines[0]).toMatchObject({ name: 'LINES_ADDED', count: 100 });
  expect(incomplete).toEqual(['LINES_ADDED', 'LINES_DELETED']);
});

test('of a commit a person is the author, or one co-author, however many accounts of theirs it names', async () => {
  const { db } = database;
  const repository = await newRepository(db);
  const [main, other, author] = [account(700, 'main'), account(701, 'other'), account(702, 'author')];
  const at = `${addDays(today, -1)}T12:00:00Z`;
  const read = {
    window: { since: addDays(today, -10), until: today },
    batches: [
      [
        did('COMMIT', 'aaa', author, at),
        did('COMMIT', 'bbb', main, at),
        did('COMMIT_COAUTHOR', 'aaa:700', main, at),
        did('COMMIT_COAUTHOR', 'aaa:701', other, at),
        did('COMMIT_COAUTHOR', 'bbb:701', other, at),
      ],
    ],
  };
  await scrape(db, repository, read);
  const newest = await newestScoring(db);
  await saveScoring(
    db.pool,
    { ...newest, version: newest.version + 1, options: { coauthorCredit: true, dailyCaps: {}, concaveLines: false } },
    'test',
    null,
  );
  const coauthored = async (): Promise<unknown> => {
    await rebuildGlobalBoard(db);
    const person = await findPerson(db, 'main');
    const { receipt } = await readReceipt(db, { personId: person!.id, scope: { repositoryId: repository.id }, window: 'default' });
    return receipt.lines.filter(({ name }) => name.startsWith('COMMIT')).map(({ name, count }) => [name, count]);
  };
  expect(await coauthored()).toEqual([
    ['COMMIT', 1],
    ['COMMIT_COAUTHOR', 1],
  ]);
  await db.pool.query('UPDATE github_user SET person_id = (SELECT id FROM github_user WHERE github_id = 700) WHERE github_id = 701');
  // A further commit has the repository rolled up anew: two accounts, one person.
  await scrape(db, repository, { ...read, batches: [[...read.batches[0]!, did('COMMIT', 'ccc', author, at)]] });
  expect(await coauthored()).toEqual([
    ['COMMIT', 1],
    ['COMMIT_COAUTHOR', 1],
  ]);
});
