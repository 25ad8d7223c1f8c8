import { databaseToday, openDatabase } from '../../src/db/database.ts';
import { addRepository } from '../../src/db/repositories.ts';
import { peakMemory } from '../measured-process.ts';
import { ingest } from './ingest.ts';
import { batchesOf } from './stream.ts';

/*
 * A process of its own that ingests a generated stream and prints its peak memory: `node ingest-process.ts URL ROWS`.
 * Memory is measured nowhere else: what a process did before stays in its figure.
 */

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
