import { openDatabase } from '../../src/db/database.ts';
import { peakMemory } from '../measured-process.ts';
import { stageInto, type FakeAddress } from './scrape.ts';

/* A process of its own that reads a fake GitHub once into staging and prints its peak memory, bytes: `node memory-process.ts URL FAKE`. */

const [url = '', fake = ''] = process.argv.slice(2);
const db = await openDatabase({ url, applicationName: 'laurels-bench-github' });
try {
  await stageInto(db, JSON.parse(fake) as FakeAddress, 'memory');
  console.log(JSON.stringify(await peakMemory()));
} finally {
  await db.close();
}
