import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { publishBoard } from '../api/published-board.ts';
import { startExposedApi, type ExposedApi } from '../api/security/exposed-api.ts';
import { rebuildGlobalBoard } from '../../src/db/boards.ts';
import { onMachinesWith } from '../python/on-machines-with.ts';
import { fuzz, installSchemathesis } from './schemathesis.ts';

/** `npm run fuzz` tries longer, against a whole stack. */
const SECONDS = 25;

let api: ExposedApi;
let isThere = false;
beforeAll(async () => {
  isThere = await onMachinesWith('The API is NOT fuzzed.', installSchemathesis);
  api = await startExposedApi();
  await api.db.pool.query(`INSERT INTO repository (owner, name, status) VALUES ('cachethq', 'Cachet', 'PENDING')`);
  await publishBoard(api.db, { owner: 'cachethq', name: 'Cachet' }, [
    { login: 'ada', githubId: 1, count: 3 },
    { login: 'grace', githubId: 2, count: 2 },
  ]);
  await rebuildGlobalBoard(api.db);
}, 15 * 60_000);
afterAll(() => api.stop());

test(
  'whatever is sent, the API answers as its description says',
  async () => {
    if (!isThere) return;
    const { isClean, output } = await fuzz({
      url: api.url,
      key: api.keys.admin.text,
      examples: 3,
      phases: ['examples', 'coverage', 'fuzzing'],
      maxSeconds: SECONDS,
      seed: 1,
    });
    if (!isClean) throw new Error(output);
    expect(output).toContain('No issues found');
  },
  4 * 60_000,
);
