import { openDatabase } from '../../src/db/database.ts';
import { requestWhole } from '../../src/sources/github/whole-request.ts';
import { recordRequests, repeatRequests, type RecordedRequest, type RequestRecord } from './recorded-requests.ts';
import { partsOf, readAll, stageInto, type FakeAddress } from './scrape.ts';

/*
 * A process of its own that times reading a fake GitHub: `node timing-process.ts URL FAKE ROUNDS`. The first read warms the fake,
 * which keeps its answers, and is recorded; then each round sends the recorded requests bare, reads, and reads into staging.
 */

/** Milliseconds of one round. */
export interface Round {
  /** The same requests, as many in flight, bodies thrown away. */
  readonly bareMs: number;
  /** The same with JSON.parse of each body: what no reader in one thread can do without. */
  readonly parsedMs: number;
  /** The same by the reader's own way of asking, bodies thrown away. */
  readonly wholeMs: number;
  readonly readMs: number;
  readonly stagedMs: number;
}

/** What the process prints. */
export interface Timing {
  readonly requests: number;
  readonly contributions: number;
  readonly rounds: readonly Round[];
}

const [url = '', fakeJson = '', rounds = ''] = process.argv.slice(2);
const fake = JSON.parse(fakeJson) as FakeAddress;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

const records: RequestRecord[] = [];
let contributions = 0;
for await (const part of partsOf(fake)) records.push(await recordRequests(async () => (contributions += await part())));

async function repeat(ask: (request: RecordedRequest) => Promise<unknown>): Promise<void> {
  for (const record of records) await repeatRequests(record, ask);
}
const bare = (): Promise<void> => repeat(async ({ url, init }) => (await fetch(url, init)).arrayBuffer());
const parsed = (): Promise<void> => repeat(async ({ url, init }) => (await fetch(url, init)).json());
const whole = (): Promise<void> => repeat(({ url, init }) => requestWhole(url, init));

const db = await openDatabase({ url, applicationName: 'laurels-bench-github' });
try {
  const one = async (name: string): Promise<Round> => ({
    bareMs: await timed(bare),
    parsedMs: await timed(parsed),
    wholeMs: await timed(whole),
    readMs: await timed(() => readAll(fake)),
    stagedMs: await stageInto(db, fake, name),
  });
  await one('warm');
  const results: Round[] = [];
  for (let round = 0; round < Number(rounds); round += 1) results.push(await one(`round-${round}`));
  const timing: Timing = { requests: records.reduce((sum, record) => sum + record.length, 0), contributions, rounds: results };
  console.log(JSON.stringify(timing));
} finally {
  await db.close();
}
