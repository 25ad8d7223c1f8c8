import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { inTransaction, openDatabase } from '../../src/db/database.ts';
import { lock, LOCKS } from '../../src/db/locks.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { until } from '../temporal/test-namespace.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

test('a vanished host and a process that stands still are noticed within half a minute', async () => {
  const { rows } = await database.db.pool.query(
    `SELECT name, setting || coalesce(unit, '') AS setting FROM pg_settings
     WHERE name LIKE 'tcp_keepalives%' OR name = 'idle_in_transaction_session_timeout' ORDER BY 1`,
  );
  expect(rows).toEqual([
    { name: 'idle_in_transaction_session_timeout', setting: '30000ms' },
    { name: 'tcp_keepalives_count', setting: '3' },
    { name: 'tcp_keepalives_idle', setting: '15s' },
    { name: 'tcp_keepalives_interval', setting: '5s' },
  ]);
});

test('a session that stands still in a transaction loses its locks, and the process lives', async () => {
  const lost: Error[] = [];
  const sleeper = await openDatabase({
    url: database.url,
    applicationName: 'sleeper',
    idleInTransactionMs: 200,
    onError: (error) => lost.push(error),
  });
  try {
    const asleep = inTransaction(sleeper, async (client) => {
      await lock(client, LOCKS.boards);
      await until(() => lost.length > 0, { what: 'its session to be ended' });
    });
    await expect(asleep).rejects.toThrow(/connection/i);
    await inTransaction(database.db, (client) => lock(client, LOCKS.boards));
    expect(lost[0]?.message).toMatch(/idle-in-transaction/);
    // The connection is not used again.
    expect((await sleeper.pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  } finally {
    await sleeper.close();
  }
});
