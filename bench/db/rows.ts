import { median, type BenchRow, type Measure } from '../row.ts';
import { fillBoards, timeBare, timeRanking, timeRebuild, timeRescore, type BoardsShape } from './boards.ts';
import { MEMORY_FLAGS } from '../measured-process.ts';
import { measureIngest } from './memory.ts';
import { startBenchServer, type BenchServer } from './server.ts';
import { timeStores } from './store.ts';

/** How much is measured; a quick run measures less and says so in the names. */
interface Sizes {
  readonly stored: number;
  /** Rows the ORM stores; its time is scaled to `stored`. */
  readonly byOrm: number;
  readonly ingestedMany: number;
  readonly ingestedFew: number;
  readonly boards: BoardsShape;
}

const FULL: Sizes = {
  stored: 200_000,
  byOrm: 4_000,
  ingestedMany: 2_000_000,
  ingestedFew: 20_000,
  boards: { rows: 1_000_000, repositories: 2_000, people: 279_027, largest: 21_184 },
};
const QUICK: Sizes = {
  stored: 50_000,
  byOrm: 500,
  ingestedMany: 100_000,
  ingestedFew: 20_000,
  boards: { rows: 100_000, repositories: 200, people: 27_903, largest: 4_237 },
};
const ROUNDS = 3;
const MIB = 1024 * 1024;

const count = (number: number): string => number.toLocaleString('en-US');
const times = (ratio: number): string => `${ratio.toFixed(ratio < 10 ? 2 : 0)}x`;
const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 1000 ? 3 : 1)} s`;
const rewrittenNote = (tables: readonly string[]): string =>
  tables.length === 0 ? 'no row rewritten' : `REWRITTEN in ${tables.join(', ')}`;

/** Three rounds of `once`, one after the other: what is compared is measured in the same round, so that a slow minute is slow for both. */
async function rounds<T>(once: () => Promise<T>): Promise<readonly T[]> {
  const results: T[] = [];
  for (let round = 0; round < ROUNDS; round += 1) results.push(await once());
  return results;
}

/** Rows 4 to 9: the database, in an embedded PostgreSQL of its own with the settings Laurels gives it. */
export const measure: Measure = async function* measure(rows, { quick }) {
  const sizes = quick ? QUICK : FULL;
  const asks = (...some: readonly number[]): boolean => some.some((row) => rows.includes(row));
  const server = await startBenchServer();
  try {
    if (asks(4, 5)) yield* (await storeRows(server, sizes)).filter(({ row }) => rows.includes(row));
    if (asks(6)) yield await memoryRow(server, sizes);
    if (asks(7, 8, 9)) yield* boardRows(server, sizes, rows);
  } finally {
    await server.stop();
  }
};

async function storeRows(server: BenchServer, { stored, byOrm }: Sizes): Promise<readonly BenchRow[]> {
  const results = await rounds(() => timeStores(server, { rows: stored, ormRows: byOrm }));
  const middle = (figure: (result: (typeof results)[number]) => number): number => median(results.map(figure));
  const ormMs = (result: (typeof results)[number]): number => (result.ormMs / byOrm) * stored;
  const byOrmRatio = middle((result) => ormMs(result) / result.first.ms);
  const unnestRatio = middle((result) => result.unnestMs / result.first.ms);
  const againRatio = middle((result) => result.first.ms / result.again.ms);
  const againOfUnnest = middle((result) => result.again.ms / result.unnestMs);
  const rewritten = [...new Set(results.flatMap((result) => result.rewritten))];
  const figures = {
    rounds: results.map((result) => ({
      firstMs: result.first.ms,
      firstStagedMs: result.first.stagedMs,
      againMs: result.again.ms,
      againStagedMs: result.again.stagedMs,
      unnestMs: result.unnestMs,
      ormMsScaled: ormMs(result),
      people: result.first.published.people,
    })),
    ormRowsMeasured: byOrm,
  };
  return [
    {
      row: 4,
      name: `store ${count(stored)} contributions, from the plan to the published board (${seconds(middle((result) => result.first.ms))})`,
      measured: `${times(byOrmRatio)} as fast as the ORM row by row (${count(byOrm)} rows, scaled), ${times(unnestRatio)} as fast as one raw unnest insert of the rows alone`,
      target: 'at least 100x and 0.7x',
      holds: byOrmRatio >= 100 && unnestRatio >= 0.7,
      figures,
    },
    {
      row: 5,
      name: `store the same ${count(stored)} again (${seconds(middle((result) => result.again.ms))})`,
      measured: `${times(againRatio)} as fast as the first time, ${times(againOfUnnest)} the time of the raw unnest insert; ${rewrittenNote(rewritten)}`,
      target: 'at least 3x, at most 0.4x; no row rewritten',
      holds: againRatio >= 3 && againOfUnnest <= 0.4 && rewritten.length === 0,
      figures: { ...figures, rewritten },
    },
  ];
}

async function memoryRow(server: BenchServer, { ingestedMany, ingestedFew }: Sizes): Promise<BenchRow> {
  const results = await rounds(async () => ({
    few: await measureIngest(server, ingestedFew),
    many: await measureIngest(server, ingestedMany),
  }));
  const ratio = median(results.map(({ few, many }) => many.bytes / few.bytes));
  const megabytes = (figure: (result: (typeof results)[number]) => number): string =>
    `${Math.round(median(results.map(figure)) / MIB)} MiB`;
  return {
    row: 6,
    name: `peak memory of a fresh process that ingests ${count(ingestedMany)} contributions`,
    measured: `${times(ratio)} of ${count(ingestedFew)} (${megabytes(({ many }) => many.bytes)}, ${megabytes(({ few }) => few.bytes)})`,
    target: 'at most 1.5x',
    holds: ratio <= 1.5,
    figures: { rounds: results, flags: MEMORY_FLAGS },
  };
}

async function* boardRows(server: BenchServer, { boards }: Sizes, rows: readonly number[]): AsyncGenerator<BenchRow> {
  const { db, drop } = await server.freshDatabase();
  const size = `${count(boards.rows)} rows of ${count(boards.repositories)} repository boards`;
  const bare = 'a bare CREATE TABLE AS … GROUP BY … rank()';
  try {
    await fillBoards(db, boards);
    if (rows.includes(7)) {
      const results = await rounds(async () => ({ bareMs: await timeBare(db), ms: await timeRebuild(db, boards) }));
      const ratio = median(results.map(({ bareMs, ms }) => ms / bareMs));
      yield {
        row: 7,
        name: `rebuild the global board from ${size} (${seconds(median(results.map(({ ms }) => ms)))})`,
        measured: `${times(ratio)} ${bare} (${seconds(median(results.map(({ bareMs }) => bareMs)))})`,
        target: 'at most 2.5x',
        holds: ratio <= 2.5,
        figures: { rounds: results },
      };
    }
    if (rows.includes(8)) {
      const results = await rounds(async () => ({ bareMs: await timeBare(db), ms: await timeRescore(db, boards) }));
      const ratio = median(results.map(({ bareMs, ms }) => ms / bareMs));
      yield {
        row: 8,
        name: `change one weight, all boards follow: ${size} (${seconds(median(results.map(({ ms }) => ms)))})`,
        measured: `${times(ratio)} ${bare} (${seconds(median(results.map(({ bareMs }) => bareMs)))})`,
        target: 'at most 5x',
        holds: ratio <= 5,
        figures: { rounds: results },
      };
    }
    if (rows.includes(9)) {
      const results = await rounds(() => timeRanking(db));
      const ratio = median(results.map(({ firstMs, againMs }) => againMs / firstMs));
      const rewritten = [...new Set(results.flatMap((result) => result.rewritten))];
      yield {
        row: 9,
        name: `rank a repository of ${count(results[0]?.people ?? 0)} people again, nothing changed`,
        measured: `${times(ratio)} the first ranking (${seconds(median(results.map(({ firstMs }) => firstMs)))}); ${rewrittenNote(rewritten)}`,
        target: 'at most 0.3x; no row written',
        holds: ratio <= 0.3 && rewritten.length === 0,
        figures: { rounds: results },
      };
    }
  } finally {
    await drop();
  }
}
