import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { rebuildGlobalBoard } from '../../src/db/boards.ts';
import { beginEnrichment, endEnrichment, saveFindings } from '../../src/db/enrichment.ts';
import { closeJob } from '../../src/db/jobs.ts';
import { findAnyone } from '../../src/db/people.ts';
import { publishBoard } from './published-board.ts';
import { addedRepository, startTestApi, type TestApi } from './running-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  const repository = await addedRepository(api, 'acme', 'enriched');
  await publishBoard(api.db, repository, [
    { login: 'ada', githubId: 71, count: 2 },
    { login: 'bob', githubId: 72, count: 1 },
  ]);
  await rebuildGlobalBoard(api.db);
});
const onTestEnd: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const end of onTestEnd) await end();
  await api.stop();
});

test('enrichment is a job: 202 with its place, 409 with the job while it is under way', async () => {
  const first = await api.call('enrichContributor', { params: { username: 'ada' } });
  expect(first).toMatchObject({
    status: 202,
    body: { type: 'ENRICH', status: 'QUEUED', repository: null, sources: [], links: { repository: null } },
  });
  expect(first.headers.get('location')).toBe(`/api/v1/jobs/${first.body.id}`);
  expect(api.engine.started).toContain(first.body.id);
  expect(await api.call('enrichContributor', { params: { username: 'id:71' } })).toMatchObject({
    status: 409,
    body: { code: 'enrichment_already_running', job: { id: first.body.id } },
  });
  // Twenty at once: one job.
  const answers = await Promise.all(Array.from({ length: 20 }, () => api.call('enrichContributor', { params: { username: 'bob' } })));
  expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 409)).toHaveLength(19);
  expect((await api.send('GET', '/api/v1/jobs?type=ENRICH')).body.total).toBe(2);
});

test('a batch is one job, with bounds', async () => {
  const { status, body } = await api.call('enrichContributors', { body: { top: 10 } });
  expect([status, body.type]).toEqual([202, 'ENRICH_BATCH']);
  expect(await api.call('enrichContributors', { body: {} })).toMatchObject({ status: 409, body: { job: { id: body.id } } });
  await closeJob(api.db, body.id, { status: 'COMPLETED' });
  for (const wrong of [{ top: 0 }, { top: 1001 }, { top: 1.5 }, { stale_after_days: -1 }, { everybody: true }]) {
    expect(await api.call('enrichContributors', { body: wrong })).toMatchObject({ status: 422 });
  }
});

test('Temporal that is away keeps no job from being stored', async () => {
  await api.db.pool.query(`UPDATE scrape_job SET status = 'CANCELLED' WHERE job_type = 'ENRICH'`);
  api.engine.isAway = true;
  expect(await api.call('enrichContributor', { params: { username: 'ada' } })).toMatchObject({ status: 202 });
  api.engine.isAway = false;
});

test('nobody: 404; nobody to ask: 422', async () => {
  expect(await api.call('enrichContributor', { params: { username: 'nobody' } })).toMatchObject({ status: 404 });
  const bare = await startTestApi({ canEnrich: false });
  onTestEnd.push(() => bare.stop());
  await publishBoard(bare.db, await addedRepository(bare, 'acme', 'bare'), [{ login: 'ada', githubId: 71, count: 1 }]);
  expect(await bare.call('enrichContributor', { params: { username: 'ada' } })).toMatchObject({
    status: 422,
    body: { code: 'no_source_configured' },
  });
  expect(await bare.call('enrichContributors', { body: {} })).toMatchObject({ status: 422, body: { code: 'no_source_configured' } });
  await bare.db.pool.query('UPDATE github_user SET is_sample = true');
  expect(await bare.call('enrichContributor', { params: { username: 'ada' } })).toMatchObject({
    status: 422,
    body: { code: 'contributor_is_sample' },
  });
});

test('A031, A081: what is known is shown with its source, without e-mail and without addresses that are none', async () => {
  expect((await api.call('getContributorEnrichment', { params: { username: 'bob' } })).body).toMatchObject({
    status: 'PENDING',
    personal_website: null,
  });
  const id = (await findAnyone(api.db, 'bob'))?.id ?? 0;
  await beginEnrichment(api.db, id, '01a20b0a-d79d-72b0-86e2-63e89c9a11c8');
  await saveFindings(api.db, id, {
    asked: ['github_profile'],
    found: [
      { field: 'personal_email', value: 'bob@bob.example', source: 'github_profile' },
      { field: 'twitter_username', value: 'bob_b', source: 'github_profile' },
      // As if an older version had let it through.
      { field: 'personal_website', value: 'javascript:alert(1)', source: 'github_profile' },
    ],
    states: { github: 'ok' },
  });
  await endEnrichment(api.db, id, { status: 'COMPLETED', error: null });
  const { body, text } = await api.call('getContributorEnrichment', { params: { username: 'bob' } });
  expect(body).toMatchObject({
    status: 'COMPLETED',
    twitter_username: 'bob_b',
    personal_website: null,
    enrichment_sources: { twitter_username: { source: 'github_profile' } },
    states: { github: { state: 'ok' } },
  });
  expect(text).not.toMatch(/email|bob@/);
  expect(await api.send('GET', '/api/v1/contributors/bob/enrichment?include=personal_email')).toMatchObject({ status: 400 });
});

test('A090: one login with two numbers is two people, one number with two logins is one', async () => {
  const repository = await addedRepository(api, 'acme', 'names');
  await publishBoard(api.db, repository, [
    { login: 'twin', githubId: 81, count: 3, daysAgo: 200 },
    { login: 'Twin', githubId: 82, count: 2, daysAgo: 5 },
    { login: 'before', githubId: 83, count: 1, daysAgo: 90 },
    { login: 'after', githubId: 83, count: 1, daysAgo: 2 },
  ]);
  const { body } = await api.send('GET', '/api/v1/leaderboard/acme/names');
  expect(
    body.data.map((row: { contributor: object; issues_opened_count: number }) => [row.contributor, row.issues_opened_count]),
  ).toMatchObject([
    [{ github_id: 81, username: 'twin' }, 3],
    [{ github_id: 83, username: 'after' }, 2],
    [{ github_id: 82, username: 'Twin' }, 2],
  ]);
  // Both are found: by name the one seen last, by number each.
  expect((await api.call('getContributorIdentities', { params: { username: 'twin' } })).body.contributor.github_id).toBe(82);
  expect((await api.call('getContributorIdentities', { params: { username: 'id:81' } })).body.contributor.github_id).toBe(81);
});
