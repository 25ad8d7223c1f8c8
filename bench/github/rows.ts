import { fileURLToPath } from 'node:url';
import { startFakeGithubProcess } from '../../test/fakes/github/process.ts';
import { startBenchServer, type BenchServer } from '../db/server.ts';
import { inFreshProcess, MEMORY_FLAGS } from '../measured-process.ts';
import { median, type BenchRow, type Measure } from '../row.ts';
import { scrapeByWorkflow } from './job.ts';
import type { FakeAddress } from './scrape.ts';
import type { Round, Timing } from './timing-process.ts';

interface Size {
  readonly commits: number;
  readonly pullRequests: number;
}

const FULL: Size = { commits: 50_000, pullRequests: 20_000 };
const QUICK: Size = { commits: 10_000, pullRequests: 4_000 };
/** Memory is compared with a repository of a tenth. */
const PARTS = 10;
const ROUNDS = 3;
const KIB = 1024;

const TIMING = fileURLToPath(new URL('timing-process.ts', import.meta.url));
const MEMORY = fileURLToPath(new URL('memory-process.ts', import.meta.url));

const count = (number: number): string => number.toLocaleString('en-US');
const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
const sizeOf = ({ commits, pullRequests }: Size): string => `${count(commits)} commits and ${count(pullRequests)} pull requests`;

/** Rows 14 and 15: a scrape of a fake GitHub in a process of its own, which keeps its answers. */
export const measure: Measure = async function* measure(rows, { quick }) {
  const size = quick ? QUICK : FULL;
  const server = await startBenchServer();
  try {
    if (rows.includes(14)) yield await timeRow(server, size);
    if (rows.includes(15)) yield await historyRow(server, size);
  } finally {
    await server.stop();
  }
};

/** Gives a fake with so much in it to `work`. No issues: they would be asked for by the time of day, each round differently. */
async function onFake<T>(
  server: BenchServer,
  { commits, pullRequests }: Size,
  work: (fake: FakeAddress, url: string) => Promise<T>,
): Promise<T> {
  const { url, drop } = await server.freshDatabase();
  try {
    const today = new Date().toISOString().slice(0, 10);
    const fake = await startFakeGithubProcess({ commits, pullRequests, issues: 0, today });
    try {
      const { restUrl, fullName, window, contributions } = fake;
      return await work({ restUrl, fullName, window, contributions }, url);
    } finally {
      await fake.stop();
    }
  } finally {
    await drop();
  }
}

async function timeRow(server: BenchServer, size: Size): Promise<BenchRow> {
  const timing = await onFake(server, size, (fake, url) => inFreshProcess<Timing>(TIMING, [url, JSON.stringify(fake), String(ROUNDS)]));
  const { rounds, requests, contributions } = timing;
  const times = (figure: (round: Round) => number): string => `${median(rounds.map((round) => figure(round) / round.bareMs)).toFixed(2)}x`;
  const ratio = median(rounds.map(({ readMs, bareMs }) => readMs / bareMs));
  const took = (figure: (round: Round) => number): string => seconds(median(rounds.map(figure)));
  return {
    row: 14,
    name: `read ${sizeOf(size)} from a fake GitHub that answers at once, compressed (${took(({ readMs }) => readMs)})`,
    measured:
      `${times(({ readMs }) => readMs)} the same ${count(requests)} requests by a bare fetch (${took(({ bareMs }) => bareMs)}), bodies thrown away; ` +
      `with JSON.parse of them ${times(({ parsedMs }) => parsedMs)}, by the reader's own way of asking and unparsed ${times(({ wholeMs }) => wholeMs)}; ` +
      `read and staged ${times(({ stagedMs }) => stagedMs)} (${took(({ stagedMs }) => stagedMs)})`,
    target: 'at most 1.3x',
    holds: ratio <= 1.3,
    figures: { requests, contributions, rounds },
  };
}

async function historyRow(server: BenchServer, size: Size): Promise<BenchRow> {
  const small = { commits: size.commits / PARTS, pullRequests: size.pullRequests / PARTS };
  const memoryOf = (of: Size): Promise<number> =>
    onFake(server, of, (fake, url) => inFreshProcess<number>(MEMORY, [url, JSON.stringify(fake)], MEMORY_FLAGS));
  const few = await memoryOf(small);
  const many = await memoryOf(size);
  const { db, drop } = await server.freshDatabase();
  try {
    const history = await onFake(server, size, (fake) => scrapeByWorkflow(db, fake));
    const { events, largestPayload } = history;
    const growth = many / few;
    const mebibytes = (bytes: number): string => `${Math.round(bytes / KIB / KIB)} MiB`;
    return {
      row: 15,
      name: `scrape ${sizeOf(size)} by the workflow (${seconds(history.ms)})`,
      measured: `${events} history events, largest payload ${(largestPayload / KIB).toFixed(1)} KiB; peak memory ${growth.toFixed(2)}x that of a tenth (${mebibytes(many)}, ${mebibytes(few)})`,
      target: 'under 2,000 events, under 256 KiB; memory at most 1.5x',
      holds: events < 2_000 && largestPayload < 256 * KIB && growth <= 1.5,
      figures: { ...history, memory: { few, many }, flags: MEMORY_FLAGS },
    };
  } finally {
    await drop();
  }
}
