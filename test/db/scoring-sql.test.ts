import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Client } from 'pg';
import {
  CAPPABLE,
  countedColumns,
  decimalOf,
  MAX_WEIGHT,
  SCORED,
  SCORED_NAMES,
  scoreOf,
  scoreSql,
  type CountedCounts,
  type Scored,
} from '../../src/domain/scoring.ts';

const HUNDRED_ROWS = 100;
const count = fc.option(fc.integer({ min: 0, max: 2_000_000_000 }), { nil: null });
const anyCounts = fc.record(
  Object.fromEntries([...SCORED_NAMES, 'COMMIT_COAUTHOR'].map((name) => [name, count])),
) as fc.Arbitrary<CountedCounts>;
const weight = fc.oneof(
  fc.bigInt({ min: 0n, max: BigInt(MAX_WEIGHT) * 10_000n }),
  fc.constantFrom(0n, 1n, 50n, BigInt(MAX_WEIGHT) * 10_000n),
);
const anyScoring = fc.record({
  version: fc.constant(2),
  weights: fc.record(Object.fromEntries(SCORED_NAMES.map((name) => [name, weight]))) as fc.Arbitrary<Record<Scored, bigint>>,
  lineBonusCap: weight,
  options: fc.record({
    coauthorCredit: fc.boolean(),
    dailyCaps: fc.record(Object.fromEntries(CAPPABLE.map((kind) => [kind, fc.integer({ min: 1, max: 100 })])), { requiredKeys: [] }),
    concaveLines: fc.boolean(),
  }),
});

test('PostgreSQL computes the same score as scoreOf, to the last ten-thousandth, whatever the options', async () => {
  const client = new Client({ connectionString: process.env['TEST_DATABASE_URL'] });
  await client.connect();
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(anyCounts, { minLength: HUNDRED_ROWS, maxLength: HUNDRED_ROWS }), anyScoring, async (people, scoring) => {
        // What daily caps count stands in columns of its own.
        const counted = countedColumns(scoring);
        const rows = people.map((counts) =>
          Object.fromEntries([
            ...SCORED_NAMES.map((name) => [SCORED[name].column, counted.some(({ kind }) => kind === name) ? 7 : counts[name]] as const),
            ...counted.map(({ kind, column }) => [column, counts[kind]] as const),
          ]),
        );
        const columns = [
          ...SCORED_NAMES.map((name) => `${SCORED[name].column} ${name.startsWith('LINES') ? 'bigint' : 'int'}`),
          ...counted.map(({ column }) => `${column} bigint`),
        ].join(', ');
        const { rows: answered } = await client.query<{ score: string }>(
          `select ${scoreSql(scoring, 'd')}::text as score from json_to_recordset($1) as d(${columns})`,
          [JSON.stringify(rows)],
        );
        expect(answered.map(({ score }) => score)).toEqual(people.map((counts) => decimalOf(scoreOf(counts, scoring))));
      }),
      { numRuns: 40 },
    );
  } finally {
    await client.end();
  }
});
