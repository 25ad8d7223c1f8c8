import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readBoard, type BoardRow } from '../../src/db/board-query.ts';
import { rebuildGlobalBoard } from '../../src/db/boards.ts';
import { databaseToday } from '../../src/db/database.ts';
import { rollUp } from '../../src/db/rollup.ts';
import { deleteRepository } from '../../src/db/repositories.ts';
import type { Account, Contribution, ContributionKind, PullRequestFact } from '../../src/domain/contribution.ts';
import { ranked } from '../../src/domain/rank.ts';
import {
  DEFAULT_SCORING,
  numberOf,
  SCORED,
  SCORED_KINDS,
  scoreOf,
  type Counts,
  type Scored,
  type ScoredKind,
} from '../../src/domain/scoring.ts';
import { addDays, presetWindow, type Day } from '../../src/domain/window.ts';
import { inTransaction } from '../../src/db/database.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { account, did, newRepository, scrape } from './publishing.ts';

let database: TestDatabase;
let today: Day;
beforeAll(async () => {
  database = await createTestDatabase();
  today = await databaseToday(database.db);
});
afterAll(() => database.drop());

const LOGINS = ['Zoe', 'adam', 'Ben', 'carla-x', 'dora', 'ed-bot'];
const PEOPLE: readonly Account[] = LOGINS.map((login, index) => account(100 + index, login));
const PULL_REQUESTS = [1, 2, 3];

const person = fc.option(fc.constantFrom(...PEOPLE), { nil: null, freq: 8 });
const unknownOr = (most: number): fc.Arbitrary<number | null> => fc.option(fc.nat(most), { nil: null, freq: 4 });
// Days around both ends of the window, and in it.
const daysAgo = fc.constantFrom(0, 1, 30, 400, 729, 730, 731, 800);

interface Drawn {
  readonly kind: ContributionKind;
  readonly subject: number;
  readonly actor: Account | null;
  readonly daysAgo: number;
  readonly quantity: number | null;
  readonly linesAdded: number | null;
  readonly linesDeleted: number | null;
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  kind: fc.constantFrom<ContributionKind>(...SCORED_KINDS, 'COMMIT_COAUTHOR'),
  subject: fc.constantFrom(...PULL_REQUESTS),
  actor: person,
  daysAgo,
  quantity: unknownOr(20),
  linesAdded: unknownOr(60_000),
  linesDeleted: unknownOr(60_000),
});

/** A natural key as the sources make it; only pushes have unknown quantities, only merges lines. */
function contributionOf(o: Drawn, index: number): Contribution {
  const isPullRequest = o.kind === 'PR_OPENED' || o.kind === 'PR_MERGED' || o.kind === 'PR_REVIEWED';
  const subject =
    o.kind === 'PR_REVIEWED' ? `${o.subject}:${o.actor?.githubId ?? `ghost:${index}`}` : isPullRequest ? o.subject : `x${index}`;
  // A different second each: which review is the earliest is then no matter of chance.
  const at = new Date(Date.parse(`${addDays(today, -o.daysAgo)}T00:00:00Z`) + index * 1000);
  return did(o.kind, subject, o.actor, at, {
    number: isPullRequest ? o.subject : null,
    quantity: o.kind === 'COMMIT' ? o.quantity : 1,
    linesAdded: o.kind === 'PR_MERGED' ? o.linesAdded : null,
    linesDeleted: o.kind === 'PR_MERGED' ? o.linesDeleted : null,
  });
}

/** The rules of data.md once more, one contribution after the other. */
function bruteForce(
  contributions: readonly Contribution[],
  authors: ReadonlyMap<number, Account | null>,
): Map<number, Counts & { incomplete: Set<Scored> }> {
  const { since } = presetWindow('2y', today);
  const last = new Map(contributions.map((one) => [`${one.kind} ${one.subject}`, one]));
  const seenReviews = new Set<string>();
  const credited: { readonly who: number; readonly one: Contribution }[] = [];
  for (const one of [...last.values()].sort((a, b) => Number(a.occurredAt) - Number(b.occurredAt))) {
    const author = authors.get(one.number ?? 0) ?? null;
    const who = one.kind === 'PR_MERGED' ? (author ?? one.actor) : one.kind === 'PR_OPENED' ? (one.actor ?? author) : one.actor;
    if (who === null || who.githubId === null) continue;
    if (one.kind === 'PR_REVIEWED') {
      const review = `${one.number} ${who.githubId}`;
      if (author?.githubId === who.githubId || seenReviews.has(review)) continue;
      seenReviews.add(review);
    }
    if (one.kind === 'COMMIT_COAUTHOR' || one.occurredAt.toISOString().slice(0, 10) < since) continue;
    credited.push({ who: who.githubId, one });
  }
  return new Map(
    [...new Set(credited.map(({ who }) => who))].map((who) => {
      const mine = credited.filter((credit) => credit.who === who).map(({ one }) => one);
      const incomplete = new Set<Scored>();
      const sum = (name: Scored, figures: readonly (number | null)[]): number | null => {
        const known = figures.filter((figure) => figure !== null);
        if (figures.length === 0) return 0;
        if (known.length === 0) return null;
        if (known.length < figures.length) incomplete.add(name);
        return known.reduce((a, b) => a + b, 0);
      };
      const merges = mine.filter(({ kind }) => kind === 'PR_MERGED');
      const linesUnknown = merges.some(({ linesAdded, linesDeleted }) => linesAdded === null || linesDeleted === null);
      const lines = (name: Scored, figures: readonly (number | null)[]): number | null => {
        const known = figures.filter((figure) => figure !== null);
        if (linesUnknown && known.length > 0) incomplete.add(name);
        return known.length > 0 ? known.reduce((a, b) => a + b, 0) : linesUnknown ? null : 0;
      };
      const counts = {
        ...(Object.fromEntries(
          SCORED_KINDS.map((kind) => [
            kind,
            sum(
              kind,
              mine.filter((one) => one.kind === kind).map(({ quantity }) => quantity),
            ),
          ]),
        ) as Record<ScoredKind, number | null>),
        LINES_ADDED: lines(
          'LINES_ADDED',
          merges.map(({ linesAdded }) => linesAdded),
        ),
        LINES_DELETED: lines(
          'LINES_DELETED',
          merges.map(({ linesDeleted }) => linesDeleted),
        ),
      };
      return [who, { ...counts, incomplete }];
    }),
  );
}

function asRow(row: BoardRow): unknown {
  const counts = Object.fromEntries(Object.entries(SCORED).map(([name, { column }]) => [name, row[column]]));
  const { rank, total_score, contributor } = row;
  return { rank, total_score, login: contributor.username, ...counts, incomplete: [...row.incomplete_kinds].sort() };
}

function expectedBoard(counted: ReturnType<typeof bruteForce>, logins: readonly string[]): readonly unknown[] {
  const people = [...counted]
    .map(([id, counts]) => ({
      id,
      counts,
      login: PEOPLE.find(({ githubId }) => githubId === id)?.login ?? '',
      score: scoreOf(counts, DEFAULT_SCORING),
    }))
    .filter(({ login }) => logins.includes(login));
  return ranked(people).map(({ rank, score, login, counts: { incomplete, ...counts } }) => ({
    rank,
    total_score: numberOf(score),
    login,
    ...counts,
    incomplete: [...incomplete].sort(),
  }));
}

test('boards are what counting one by one, scoreOf and ranked say, stored and ranked on request', async () => {
  const { db } = database;
  const humans = LOGINS.filter((login) => login !== 'ed-bot');
  await fc.assert(
    fc.asyncProperty(fc.array(drawn, { maxLength: 40 }), fc.array(person, { minLength: 3, maxLength: 3 }), async (draws, authors) => {
      const contributions = draws.map(contributionOf);
      const facts: readonly PullRequestFact[] = PULL_REQUESTS.map((number, index) => ({
        number,
        author: authors[index] ?? null,
        createdAt: null,
        mergedAt: null,
        baseRef: null,
      }));
      const repository = await newRepository(db);
      const window = { since: addDays(today, -900), until: today };
      await scrape(db, repository, { source: 'gharchive', window, batches: [contributions], pullRequests: facts });
      const counted = bruteForce(contributions, new Map(facts.map(({ number, author }) => [number, author])));
      const scope = { repositoryId: repository.id };
      const stored = await readBoard(db, { scope, window: 'default', include: [], limit: 'all' });
      expect(stored.data.map(asRow)).toEqual(expectedBoard(counted, humans));
      const onRequest = await readBoard(db, { scope, window: presetWindow('2y', today), include: [], limit: 'all' });
      expect(onRequest.data).toEqual(stored.data);
      const withBots = await readBoard(db, { scope, window: 'default', include: ['bots'], limit: 'all' });
      expect(withBots.data.map(asRow)).toEqual(expectedBoard(counted, LOGINS));
      // Rolling up what is rolled up finds nothing to write.
      expect(await inTransaction(db, (client) => rollUp(client, repository.id))).toBe(0);
      await deleteRepository(db, repository.id);
    }),
    { numRuns: 25 },
  );
});

test('the global board is the sum of the repositories', async () => {
  const { db } = database;
  const window = { since: addDays(today, -900), until: today };
  const sums = new Map<string, { score: number; repositories: number; commits: number | null }>();
  for (const draws of fc.sample(fc.array(drawn, { minLength: 10, maxLength: 40 }), { numRuns: 4, seed: 7 })) {
    const repository = await newRepository(db);
    await scrape(db, repository, { source: 'gharchive', window, batches: [draws.map(contributionOf)] });
    const { data } = await readBoard(db, { scope: { repositoryId: repository.id }, window: 'default', include: [], limit: 'all' });
    for (const { contributor, total_score } of data) {
      const sum = sums.get(contributor.username) ?? { score: 0, repositories: 0, commits: 0 };
      sums.set(contributor.username, { ...sum, score: sum.score + total_score, repositories: sum.repositories + 1 });
    }
  }
  await rebuildGlobalBoard(db);
  const { data } = await readBoard(db, { scope: 'global', window: 'default', include: [], limit: 'all' });
  const globally = new Map(
    data.map(({ contributor, total_score, repositories_contributed }) => [contributor.username, [total_score, repositories_contributed]]),
  );
  expect(globally).toEqual(new Map([...sums].map(([login, { score, repositories }]) => [login, [Number(score.toFixed(4)), repositories]])));
  expect(data.map(({ total_score }) => total_score)).toEqual(data.map(({ total_score }) => total_score).toSorted((a, b) => b - a));
  const onRequest = await readBoard(db, { scope: 'global', window: presetWindow('2y', today), include: [], limit: 'all' });
  expect(onRequest.data).toEqual(data);
});
