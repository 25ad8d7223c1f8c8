import { openDatabase } from '../../src/db/database.ts';
import { peakMemory } from '../measured-process.ts';
import { scrapeInto, type FakeAddress } from './scrape.ts';

/* A process of its own that scrapes a fake GitHub once and prints its peak memory, bytes: `node memory-process.ts URL FAKE`. */

const [url = '', fake = ''] = process.argv.slice(2);
const db = await openDatabase({ url, applicationName: 'laurels-bench-github' });
try {
  await scrapeInto(db, JSON.parse(fake) as FakeAddress, 'memory');
  console.log(JSON.stringify(await peakMemory()));
} finally {
  await db.close();
}
