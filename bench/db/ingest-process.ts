import { readFile } from 'node:fs/promises';
import { databaseToday, openDatabase } from '../../src/db/database.ts';
import { addRepository } from '../../src/db/repositories.ts';
import { ingest } from './ingest.ts';
import { batchesOf } from './stream.ts';

/*
 * A process of its own that ingests a generated stream and prints its peak memory: `node ingest-process.ts URL ROWS`.
 * Memory is measured nowhere else: what a process did before stays in its figure.
 */

/** The peak of this process's resident memory, bytes. Linux adds the parent's to `maxRSS`, so there its own book is read. */
async function peakMemory(): Promise<number> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return (kibibytes === undefined ? process.resourceUsage().maxRSS : Number(kibibytes)) * 1024;
}

const [url = '', rows = ''] = process.argv.slice(2);
const db = await openDatabase({ url, applicationName: 'laurels-bench-ingest' });
try {
  const { repository } = await addRepository(db, { owner: 'bench', name: `rows-${rows}` }, null);
  const until = await databaseToday(db);
  const { published, ms } = await ingest(db, repository, batchesOf({ rows: Number(rows), until }));
  console.log(JSON.stringify({ bytes: await peakMemory(), ms, contributions: published.contributions, people: published.people }));
} finally {
  await db.close();
}
