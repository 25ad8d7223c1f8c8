import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { readArchive } from '../../src/sources/gharchive/archive-pipeline.ts';
import { MEMORY_MB, openDuckDb, withConnection } from '../../src/sources/gharchive/duckdb.ts';
import { CREATE_STAGE } from '../../src/sources/gharchive/event-sql.ts';
import { importArchive } from '../../src/sources/gharchive/importer.ts';
import { openScratch } from '../../src/sources/gharchive/scratch.ts';
import { createGharchiveSource } from '../../src/sources/gharchive/source.ts';
import { median, type BenchRow, type Measure } from '../row.ts';
import { makeCorpus, type Corpus } from './corpus.ts';
import { multiplyMirror } from './large-mirror.ts';

const ROUNDS = 3;
const READS = 15;
const HOURS = 40;
/** In a hurry the large mirror is made of fewer hours, not of fewer copies. */
const QUICK_HOURS = 8;
const TIMES = 60;
const CHUNK_BYTES = 1024 * 1024;

/** Processor time of all threads of this process, ms: what the ratio is when others use the processors too. */
const processorMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

const rounded = (figures: readonly number[]): readonly number[] => figures.map((figure) => Math.round(figure * 10) / 10);
const ratios = (above: readonly number[], below: readonly number[]): readonly number[] =>
  above.map((figure, index) => figure / (below[index] ?? Number.NaN));

/** The floor: inflating the files and nothing else, two at a time. */
async function inflate(paths: readonly string[]): Promise<void> {
  const queue = paths.values();
  await Promise.all(
    Array.from({ length: 2 }, async () => {
      for (const path of queue) {
        for await (const _ of createReadStream(path, { highWaterMark: CHUNK_BYTES }).pipe(createGunzip({ chunkSize: CHUNK_BYTES }))) void _;
      }
    }),
  );
}

/** What an import does to know every contribution of every repository, each gzip checked to its end; without storing them in a mirror. */
async function readChecked(paths: readonly string[], directory: string): Promise<number> {
  const files = paths.map((path, index) => {
    const { size, mtimeMs, ctimeMs } = statSync(path);
    return { name: basename(path), path, hour: null, size, mtimeMs, ctimeMs, number: index + 1 };
  });
  const scratch = await openScratch(0, directory);
  const instance = await openDuckDb({ directories: [scratch.directory], spillTo: scratch.directory, memoryMb: MEMORY_MB.import });
  try {
    await withConnection(instance, (connection) => connection.run(CREATE_STAGE));
    let rows = 0;
    for await (const batch of readArchive({ files, instance, scratch, isKnown: () => false })) {
      for (const { file, outcome } of batch) {
        if (typeof outcome === 'string' || outcome instanceof Error) throw new Error(`${file.name} could not be read`);
        rows += outcome.rows;
      }
    }
    return rows;
  } finally {
    instance.closeSync();
    await scratch.remove();
  }
}

/** Runs the Python reader; false where there is no Python. */
async function readWithPython(paths: readonly string[]): Promise<boolean> {
  const child = spawn('python3', [join(import.meta.dirname, 'reader.py'), ...paths], { stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = await Promise.race([once(child, 'exit'), once(child, 'error').then(() => [null])]);
  return code === 0;
}

/** Rows 1 and 2 from the same rounds: every round does all of it, so that a ratio is of one time. */
async function* reading(rows: readonly number[], corpus: Corpus, directory: string): AsyncGenerator<BenchRow> {
  const floor: number[] = [];
  const ours: number[] = [];
  const stored: number[] = [];
  const python: number[] = [];
  const processor: number[] = [];
  let kept = 0;
  await inflate(corpus.paths);
  for (let round = 0; round < ROUNDS; round += 1) {
    const begin = processorMs();
    floor.push(await timed(() => inflate(corpus.paths)));
    const between = processorMs();
    ours.push(await timed(async () => (kept = await readChecked(corpus.paths, directory))));
    processor.push((processorMs() - between) / (between - begin));
    if (rows.includes(1)) {
      const mirrorDir = join(directory, `mirror-of-round-${round}`);
      stored.push(await timed(() => importArchive({ directory: join(directory, 'hours'), mirrorDir })));
      rmSync(mirrorDir, { recursive: true });
    }
    if (!rows.includes(2)) continue;
    let hasPython = true;
    const took = await timed(async () => (hasPython = await readWithPython(corpus.paths)));
    if (hasPython) python.push(took);
  }
  const common = { corpus: corpus.madeOf, rows: kept, read_ms: rounded(ours) };
  if (rows.includes(1)) {
    const times = median(ratios(ours, floor));
    yield {
      row: 1,
      name: 'GH Archive hours, integrity checked, into contributions, against inflating them with node:zlib',
      measured: `${times.toFixed(2)}x`,
      target: 'at most 2.6x',
      holds: times <= 2.6,
      figures: {
        ...common,
        inflate_ms: rounded(floor),
        processor_time: `${median(processor).toFixed(2)}x`,
        import_into_mirror_ms: rounded(stored),
        import_into_mirror: `${median(ratios(stored, floor)).toFixed(2)}x`,
      },
    };
  }
  if (!rows.includes(2)) return;
  const name = 'the same against a Python standard-library reader';
  const target = 'at least 3x faster';
  if (python.length < ROUNDS) {
    yield { row: 2, name, measured: 'no python3', target, holds: false, figures: common };
    return;
  }
  const faster = median(ratios(python, ours));
  yield {
    row: 2,
    name,
    measured: `${faster.toFixed(2)}x faster`,
    target,
    holds: faster >= 3,
    figures: { ...common, python_ms: rounded(python) },
  };
}

/** Times of reading one repository, the first one (DuckDB starts, nothing is in memory) left out. */
async function readTimes(
  mirrorDir: string,
  repository: Corpus['repository'],
): Promise<{ first: number; later: readonly number[]; contributions: number }> {
  const source = createGharchiveSource({ mirrorDir });
  const target = { ...repository, githubId: null, window: { since: '2014-01-01', until: '2015-12-31' }, type: 'FULL' as const };
  let contributions = 0;
  const read = async (): Promise<void> => {
    contributions = 0;
    for await (const batch of source.read(target, 'mirror', null, new AbortController().signal))
      contributions += batch.contributions.length;
  };
  const first = await timed(read);
  const later: number[] = [];
  for (let time = 0; time < READS; time += 1) later.push(await timed(read));
  return { first, later, contributions };
}

async function mirror(corpus: Corpus, directory: string, quick: boolean): Promise<BenchRow> {
  const mirrorDir = join(directory, 'mirror');
  await importArchive({ directory: join(directory, 'hours'), mirrorDir });
  const again: number[] = [];
  const small: number[] = [];
  const large: number[] = [];
  let baseDir = mirrorDir;
  if (quick) {
    baseDir = join(directory, 'base');
    makeCorpus(join(directory, 'fewer'), QUICK_HOURS);
    await importArchive({ directory: join(directory, 'fewer'), mirrorDir: baseDir });
  }
  const largeDir = join(directory, 'large');
  const largeRows = await multiplyMirror(baseDir, largeDir, TIMES);
  const [base, grown]: [number[], number[]] = [[], []];
  let [first, contributions] = [0, 0];
  for (let round = 0; round < ROUNDS; round += 1) {
    again.push(await timed(() => readChecked(corpus.paths, directory)));
    const one = await readTimes(mirrorDir, corpus.repository);
    [first, contributions] = [one.first, one.contributions];
    small.push(median(one.later));
    base.push(median((await readTimes(baseDir, corpus.repository)).later));
    grown.push(median((await readTimes(largeDir, corpus.repository)).later));
    large.push((grown[round] ?? 0) / (base[round] ?? 1));
  }
  const faster = median(ratios(again, small));
  const slower = median(large);
  return {
    row: 3,
    name: 'one repository out of the mirror, in JavaScript, against reading the hours again; in a mirror 60 times as large',
    measured: `${faster.toFixed(0)}x faster; ${slower.toFixed(2)}x the time`,
    target: 'at least 50x faster; at most 2x the time',
    holds: faster >= 50 && slower <= 2,
    figures: {
      corpus: corpus.madeOf,
      read_again_ms: rounded(again),
      from_mirror_ms: rounded(small),
      first_ms: Math.round(first),
      contributions,
      base_ms: rounded(base),
      large_ms: rounded(grown),
      large_rows: largeRows,
    },
  };
}

/** Rows 1-3 of performance.md. */
export const measure: Measure = async function* (rows, { quick }) {
  const directory = mkdtempSync(join(tmpdir(), 'laurels-bench-archive-'));
  try {
    mkdirSync(join(directory, 'hours'));
    const corpus = makeCorpus(join(directory, 'hours'), HOURS);
    if (rows.includes(1) || rows.includes(2)) yield* reading(rows, corpus, directory);
    if (rows.includes(3)) yield await mirror(corpus, directory, quick);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};
