import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { BigQueryClient } from '../../../src/sources/bigquery/client.ts';

const OWN = { project: 'mine', dataset: 'laurels', table: 'laurels_rows' };

/** What ensuring the own table gives where BigQuery describes it so. */
async function ensured(description: Readonly<Record<string, unknown>>): Promise<string> {
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ creationTime: '1795000000000', ...description }));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const apiEndpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    return await new BigQueryClient({ project: OWN.project, apiEndpoint, retries: 0 }).ensureOwnTable(OWN);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test('the own table is known by the moment it was made', async () => {
  expect(await ensured({ timePartitioning: { type: 'DAY', field: 'day' } })).toBe('1795000000000');
});

test.each([{ expirationTime: '1800000000000' }, { timePartitioning: { type: 'DAY', field: 'day', expirationMs: '5184000000' } }])(
  'an own table whose rows expire (%j) is refused, and it is said what to do',
  async (description) => {
    await expect(ensured(description)).rejects.toThrow(/expire.*BIGQUERY_DATASET/);
  },
);
