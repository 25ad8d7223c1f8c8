import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { beginEnrichment, endEnrichment, saveFindings } from '../../../src/db/enrichment.ts';
import { findAnyone } from '../../../src/db/people.ts';
import { addRepository } from '../../../src/db/repositories.ts';
import { publishBoard } from '../published-board.ts';
import { startExposedApi, type ExposedApi } from './exposed-api.ts';

let api: ExposedApi;
beforeAll(async () => {
  api = await startExposedApi({ publicReads: true });
  await addRepository(api.db, { owner: 'acme', name: 'mail' }, null);
  await publishBoard(api.db, { owner: 'acme', name: 'mail' }, [{ login: 'ada', githubId: 1, count: 1 }]);
  const id = (await findAnyone(api.db, 'ada'))?.id ?? 0;
  await beginEnrichment(api.db, id, '01a20b0a-d79d-72b0-86e2-63e89c9a11c8');
  await saveFindings(api.db, id, {
    asked: ['github_profile'],
    found: [
      { field: 'personal_email', value: 'ada@ada.example', source: 'github_profile' },
      { field: 'twitter_username', value: 'ada_l', source: 'github_profile' },
    ],
    states: { github: 'ok' },
  });
  await endEnrichment(api.db, id, { status: 'COMPLETED', error: null });
});
afterAll(() => api.stop());

test('A031: nobody without a key sees an e-mail address, not even that there is one', async () => {
  for (const path of [
    '/contributors/ada',
    '/contributors/ada/enrichment',
    '/leaderboard/acme/mail',
    '/leaderboard/acme/mail?format=csv',
    '/search?q=ada',
  ]) {
    const { status, text } = await api.send('GET', `/api/v1${path}`);
    expect([path, status]).toEqual([path, 200]);
    expect(text).not.toMatch(/email|@ada/);
  }
  for (const query of ['include=enrichment', 'fields=personal_email']) {
    expect(await api.send('GET', `/api/v1/contributors/ada?${query}`)).toMatchObject({ status: 400 });
  }
  const shown = await api.send('GET', '/api/v1/contributors/ada', { headers: api.as('read') });
  expect(shown.body.enrichment).toMatchObject({ personal_email: 'ada@ada.example', twitter_username: 'ada_l' });
});
