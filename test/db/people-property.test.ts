import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { setKind } from '../../src/db/account-kinds.ts';
import { readBoard, type BoardQuery } from '../../src/db/board-query.ts';
import { rebuildGlobalBoard } from '../../src/db/boards.ts';
import { databaseToday } from '../../src/db/database.ts';
import { mergePeople, splitPerson } from '../../src/db/identities.ts';
import { hidePerson, showPerson } from '../../src/db/opt-out.ts';
import { findAnyone } from '../../src/db/people.ts';
import type { AccountKind } from '../../src/domain/account-kind.ts';
import type { Contribution, ContributionKind } from '../../src/domain/contribution.ts';
import { AppError } from '../../src/domain/errors.ts';
import { ranked } from '../../src/domain/rank.ts';
import { DEFAULT_SCORING, numberOf, SCORED, scoreOf, type Counts, type ScoredKind } from '../../src/domain/scoring.ts';
import { addDays, presetWindow, type Day } from '../../src/domain/window.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { account, did, newRepository, scrape } from './publishing.ts';

const KEY = Buffer.from('a key that only this test knows');

let database: TestDatabase;
let today: Day;
beforeAll(async () => {
  database = await createTestDatabase();
  today = await databaseToday(database.db);
});
afterAll(() => database.drop());

const NAMES = ['ada', 'ben', 'cyd', 'dan'];
type Change =
  | { readonly type: 'merge' | 'split'; readonly who: number; readonly other: number }
  | { readonly type: 'hide' | 'show'; readonly who: number }
  | { readonly type: 'kind'; readonly who: number; readonly kind: AccountKind };

const who = fc.nat(NAMES.length - 1);
const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ type: fc.constant('merge' as const), who, other: who }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('split' as const), who, other: who }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constantFrom('hide' as const, 'show' as const), who }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('kind' as const), who, kind: fc.constantFrom('human', 'bot', 'agent') }) },
);

interface Done {
  readonly kind: ContributionKind;
  readonly who: number;
  readonly pull: number;
}
const done: fc.Arbitrary<Done> = fc.record({
  kind: fc.constantFrom<ContributionKind>('COMMIT', 'PR_OPENED', 'PR_MERGED', 'PR_REVIEWED', 'ISSUE_OPENED'),
  who,
  pull: fc.nat(2),
});

/** What was done, and who wrote each pull request. */
interface Work {
  readonly contributions: readonly Contribution[];
  readonly authors: readonly number[];
}

/** Who is who, as it should be. */
interface Model {
  readonly person: number[];
  readonly kind: AccountKind[];
  readonly hidden: Set<number>;
}

const numberOfAccount = (index: number, base: number): number => base + index;

/** Counts every contribution by itself: one review credit per pull request and person, none for one's own, merges to the author. */
function recount(works: readonly Work[], model: Model, base: number): readonly unknown[] {
  const scores = new Map<number, bigint>();
  for (const { contributions, authors } of works) {
    const counts = new Map<number, Record<keyof Counts, number>>();
    const reviewed = new Set<string>();
    for (const one of [...contributions].sort((a, b) => Number(a.occurredAt) - Number(b.occurredAt))) {
      const actor = model.person[(one.actor?.githubId ?? 0) - base] ?? 0;
      const author = one.number === null ? null : (model.person[authors[one.number - 1] ?? 0] ?? 0);
      const person = one.kind === 'PR_MERGED' ? (author ?? actor) : actor;
      if (one.kind === 'PR_REVIEWED') {
        if (author === person || reviewed.has(`${one.number} ${person}`)) continue;
        reviewed.add(`${one.number} ${person}`);
      }
      if (model.hidden.has(person)) continue;
      const zero = Object.fromEntries(Object.keys(SCORED).map((name) => [name, 0])) as Record<keyof Counts, number>;
      const mine = counts.get(person) ?? zero;
      mine[one.kind as ScoredKind] += 1;
      mine.LINES_ADDED += one.linesAdded ?? 0;
      counts.set(person, mine);
    }
    for (const [person, mine] of counts) scores.set(person, (scores.get(person) ?? 0n) + scoreOf(mine, DEFAULT_SCORING));
  }
  const people = [...scores]
    .filter(([person]) => model.kind[person] === 'human')
    .map(([person, score]) => ({ id: person, login: `${NAMES[person]}-${base}`, score }));
  return ranked(people).map(({ rank, login, score }) => [rank, login, numberOf(score)]);
}

async function boardOf(q: Pick<BoardQuery, 'scope' | 'window'>): Promise<readonly unknown[]> {
  const { data } = await readBoard(database.db, { ...q, include: [], limit: 'all' });
  return data.map(({ rank, contributor, total_score }) => [rank, contributor.username, total_score]);
}

let serial = 0;

test('whatever is merged, split, hidden, shown and said to be a bot, boards are what counting anew gives', async () => {
  const { db } = database;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.array(done, { maxLength: 20 }), fc.array(who, { minLength: 3, maxLength: 3 })), { minLength: 2, maxLength: 2 }),
      fc.array(change, { minLength: 1, maxLength: 8 }),
      async (drawn, changes) => {
        serial += 1;
        const base = serial * 100;
        await db.pool.query('TRUNCATE repository, github_user, opt_out, identity_change, board, contribution_day CASCADE');
        const accounts = NAMES.map((name, index) => account(numberOfAccount(index, base), `${name}-${base}`));
        const works: Work[] = drawn.map(([list, authors]) => ({
          contributions: list.map((one, index) => contributionOf(one, index, accounts, today)),
          authors,
        }));
        const repositories: number[] = [];
        for (const { contributions, authors } of works) {
          const repository = await newRepository(db);
          repositories.push(repository.id);
          const pullRequests = authors.map((author, index) => ({
            number: index + 1,
            author: accounts[author] ?? null,
            createdAt: null,
            mergedAt: null,
            baseRef: null,
          }));
          // Somebody without contributions is known, too.
          const known = accounts.map((one, index) => did('COMMIT_COAUTHOR', `c${index}`, one, new Date(`${today}T00:00:00Z`)));
          await scrape(db, repository, {
            source: 'gharchive',
            window: presetWindow('2y', today),
            batches: [[...contributions, ...known]],
            pullRequests,
          });
        }
        await rebuildGlobalBoard(db);

        const model: Model = { person: NAMES.map((_, index) => index), kind: NAMES.map(() => 'human'), hidden: new Set() };
        for (const one of changes) {
          await apply(one, model, base);
          for (const [index, id] of repositories.entries()) {
            const expected = recount([works[index] as Work], model, base);
            expect(await boardOf({ scope: { repositoryId: id }, window: 'default' })).toEqual(expected);
            expect(await boardOf({ scope: { repositoryId: id }, window: presetWindow('2y', today) })).toEqual(expected);
          }
          expect(await boardOf({ scope: 'global', window: 'default' })).toEqual(recount(works, model, base));
        }
        // Rebuilding from what is stored finds nothing else.
        expect((await rebuildGlobalBoard(db)).changed).toBe(false);
      },
    ),
    { numRuns: 12 },
  );
});

function contributionOf(
  { kind, who: index, pull }: Done,
  serialOfOne: number,
  accounts: readonly ReturnType<typeof account>[],
  day: Day,
): Contribution {
  const isPull = kind.startsWith('PR_');
  const subject = kind === 'PR_REVIEWED' ? `${pull + 1}:${index}-${serialOfOne}` : `${kind}-${serialOfOne}`;
  const at = new Date(Date.parse(`${addDays(day, -1)}T00:00:00Z`) + serialOfOne * 1000);
  return did(kind, subject, accounts[index] ?? null, at, {
    number: isPull ? pull + 1 : null,
    // Enough to reach the line cap with two merges.
    ...(kind === 'PR_MERGED' ? { linesAdded: 30_000, linesDeleted: 0 } : {}),
  });
}

/** Does the change in both worlds; what makes no sense must be refused and change nothing. */
async function apply(one: Change, model: Model, base: number): Promise<void> {
  const { db } = database;
  const name = (index: number): string => `id:${numberOfAccount(index, base)}`;
  const person = model.person[one.who] ?? 0;
  const isHidden = model.hidden.has(person);
  const refused = async (work: Promise<unknown>): Promise<void> => expect(work).rejects.toBeInstanceOf(AppError);
  switch (one.type) {
    case 'merge': {
      const other = model.person[one.other] ?? 0;
      const merging = mergePeople(db, { username: name(one.who), accounts: [name(one.other)], reason: null, actor: 'test' });
      if (isHidden || model.hidden.has(other) || person === other) return refused(merging);
      await merging;
      for (const [index, old] of model.person.entries()) if (old === other) model.person[index] = person;
      return;
    }
    case 'split': {
      const splitting = splitPerson(db, { username: name(one.who), accounts: [name(one.other)], reason: null, actor: 'test' });
      if (isHidden || model.person[one.other] !== person || one.other === person) return refused(splitting);
      await splitting;
      model.person[one.other] = one.other;
      return;
    }
    case 'hide':
    case 'show': {
      const anyone = await findAnyone(db, name(one.who));
      if (anyone === null) throw new Error('nobody is there');
      await (one.type === 'hide' ? hidePerson(db, KEY, anyone) : showPerson(db, KEY, anyone));
      if (one.type === 'hide') model.hidden.add(person);
      else model.hidden.delete(person);
      return;
    }
    case 'kind': {
      const setting = setKind(db, { username: name(one.who), kind: one.kind, reason: 'a test', actor: 'test' });
      if (isHidden) return refused(setting);
      await setting;
      model.kind[person] = one.kind;
    }
  }
}
