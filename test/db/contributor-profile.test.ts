import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { streaksOf, type Streak } from '../../src/db/contributor-profile.ts';
import { KIND_CODES } from '../../src/domain/contribution.ts';
import { addDays, type Day } from '../../src/domain/window.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { newRepository } from './publishing.ts';

const UNTIL: Day = '2026-03-01';
const LENGTH = 12;
const SINCE = addDays(UNTIL, 1 - LENGTH);

let database: TestDatabase;
let repositories: readonly number[];
beforeAll(async () => {
  database = await createTestDatabase();
  const { db } = database;
  repositories = [(await newRepository(db)).id, (await newRepository(db)).id];
  await db.pool.query(
    `INSERT INTO github_user (id, person_id, github_id, username, account_type, kind) VALUES (1, 1, 1, 'ada', 'User', 'human')`,
  );
});
afterAll(() => database.drop());

/** Days in a row, counted one by one; the later of two that are as long. */
function counted(active: ReadonlySet<Day>): { readonly current: Streak | null; readonly longest: Streak | null } {
  const streaks: Streak[] = [];
  for (let day = SINCE; day <= UNTIL; day = addDays(day, 1)) {
    const last = streaks.at(-1);
    if (!active.has(day)) continue;
    if (last?.until === addDays(day, -1)) streaks[streaks.length - 1] = { ...last, days: last.days + 1, until: day };
    else streaks.push({ days: 1, since: day, until: day });
  }
  const longest = streaks.reduce<Streak | null>((best, one) => (best === null || one.days >= best.days ? one : best), null);
  return { current: streaks.find(({ until }) => until >= addDays(UNTIL, -1)) ?? null, longest };
}

test('a streak is days in a row with anything done anywhere; the one that goes on has reached today or yesterday (property)', async () => {
  const { db } = database;
  // Days before the window and after it, several things on one day, two repositories.
  const done = fc.array(fc.tuple(fc.integer({ min: -2, max: LENGTH + 1 }), fc.nat(1)), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(done, async (days) => {
      const worked = days.map(([offset, repository]) => ({ day: addDays(SINCE, offset), repository: repositories[repository] }));
      await db.pool.query('DELETE FROM contribution_day');
      await db.pool.query(
        `INSERT INTO contribution_day (repository_id, person_id, day, kind, quantity, unknown, lines_unknown, first_at, last_at)
         SELECT DISTINCT r, 1, d, ${KIND_CODES.COMMENT}, 1, 0, 0, d, d FROM unnest($1::bigint[], $2::date[]) AS done (r, d)`,
        [worked.map(({ repository }) => repository), worked.map(({ day }) => day)],
      );
      const active = new Set(worked.map(({ day }) => day).filter((day) => day >= SINCE && day <= UNTIL));
      expect(await streaksOf(db, 1, { since: SINCE, until: UNTIL })).toEqual(counted(active));
    }),
    { numRuns: 60 },
  );
});
