import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createEnrichmentSources, type EnrichmentSources } from '../../src/activities/enrichment-sources.ts';
import { enrichmentOf } from '../../src/db/enrichment.ts';
import { createEnrichBatchJob, createEnrichJob } from '../../src/db/enrichment-jobs.ts';
import { jobById, type StoredJob } from '../../src/db/jobs.ts';
import { hidePerson } from '../../src/db/opt-out.ts';
import { findAnyone } from '../../src/db/people.ts';
import { addRepository } from '../../src/db/repositories.ts';
import { rebuildGlobalBoard } from '../../src/db/boards.ts';
import { createWebsiteReader } from '../../src/enrichment/website.ts';
import { createXReader } from '../../src/enrichment/x-profile.ts';
import { reconcile } from '../../src/temporal/reconciler.ts';
import { publishBoard } from '../api/published-board.ts';
import { handChecked } from '../fakes/github/datasets/hand-checked.ts';
import { startFakeGithub, type FakeGithub } from '../fakes/github/server.ts';
import { quietLog } from '../temporal/test-namespace.ts';
import { startStack, type RunningStack } from './running-stack.ts';

const ADA = 50_001;
const BEN = 50_002;
const GONE = 50_003;

let stack: RunningStack;
let github: FakeGithub;
let others: Server;
let otherUrl: string;
/** What X and the website answer. */
let xStatus = 200;
let page = '<a rel="me" href="https://www.linkedin.com/in/ada-page">in</a>';
const asked: string[] = [];

beforeAll(async () => {
  stack = await startStack();
  const { data } = handChecked('2026-01-10');
  data.addAccount({
    id: ADA,
    login: 'ada-l',
    name: ' Ada\u001b[2J\nLovelace ',
    emails: [],
    profile: {
      company: '@analytical',
      location: 'London',
      websiteUrl: 'ada.example',
      twitterUsername: 'ada_l',
      email: 'ada@ada.example',
      socialAccounts: [{ provider: 'LINKEDIN', displayName: 'in/ada', url: 'https://www.linkedin.com/in/ada-social' }],
    },
  });
  data.addAccount({ id: BEN, login: 'ben-b', name: null, emails: [], profile: { websiteUrl: 'javascript:alert(1)' } });
  github = await startFakeGithub({ dataset: data });
  others = createServer(({ url = '', headers }, response) => {
    asked.push(url);
    if (url.startsWith('/2/users')) {
      if (headers.authorization !== 'Bearer x-key') response.statusCode = 401;
      else response.statusCode = xStatus;
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({ data: { username: 'ada_l', entities: { url: { urls: [{ expanded_url: 'https://elsewhere.example/' }] } } } }),
      );
    } else response.setHeader('content-type', 'text/html').end(page);
  });
  await new Promise<void>((resolve) => others.listen(0, '127.0.0.1', resolve));
  otherUrl = `http://127.0.0.1:${(others.address() as AddressInfo).port}`;
});
afterAll(async () => {
  others.closeAllConnections();
  await Promise.all([stack.close(), github.stop(), new Promise((resolve) => others.close(resolve))]);
});
beforeEach(async () => {
  asked.length = 0;
  xStatus = 200;
  await stack.database.db.pool.query('TRUNCATE repository, github_user, opt_out, board, scrape_job CASCADE');
  await addRepository(stack.database.db, { owner: 'octo', name: 'people' }, null);
  await publishBoard(stack.database.db, { owner: 'octo', name: 'people' }, [
    { login: 'ada-l', githubId: ADA, count: 3 },
    { login: 'ben-b', githubId: BEN, count: 2 },
    { login: 'gone', githubId: GONE, count: 1 },
  ]);
  await rebuildGlobalBoard(stack.database.db);
});

function sources(o: Partial<EnrichmentSources> = {}): EnrichmentSources {
  const configured = createEnrichmentSources({
    github: { tokens: ['ghp_testtokentesttokentesttoken00'], apiUrl: github.restUrl },
    enrichment: { xApiKey: null, websites: false, emails: false },
    log: { info: () => undefined, warn: () => undefined },
  });
  return { ...configured, ...o };
}

const everything = (): Partial<EnrichmentSources> => ({
  x: createXReader({ apiKey: 'x-key', apiUrl: otherUrl }),
  // ada.example is the server of this test.
  website: (url, signal) =>
    createWebsiteReader({ resolve: async () => ['127.0.0.1'], reach: { address: () => true, port: () => true } })(
      url.replace(/^https?:\/\/ada\.example/, otherUrl),
      signal,
    ),
});

async function run(enrichment: EnrichmentSources, create: () => Promise<StoredJob>): Promise<StoredJob> {
  return stack.withWorkers(
    [],
    async () => {
      const job = await create();
      await stack.engine.startJob(job);
      return stack.finished(job);
    },
    { enrichment },
  );
}

const idOf = async (githubId: number): Promise<number> => (await findAnyone(stack.database.db, `id:${githubId}`))?.id ?? 0;
const enrichAda = async (): Promise<StoredJob> => createEnrichJob(stack.database.db, { userId: await idOf(ADA), requestedBy: 'test' });

test('a profile is read, cleaned and stored with the source of each field; without keys and switches nobody else is asked', async () => {
  const job = await run(sources(), enrichAda);
  expect(job).toMatchObject({ status: 'COMPLETED', type: 'ENRICH', workflowId: `enrich:${await idOf(ADA)}:${job.id}` });
  expect(await findAnyone(stack.database.db, 'ada-l')).toMatchObject({
    displayName: 'Ada [2J Lovelace',
    avatarUrl: `https://avatars.githubusercontent.com/u/${ADA}?v=4`,
  });
  const at = expect.any(String);
  expect(await enrichmentOf(stack.database.db, await idOf(ADA))).toEqual({
    status: 'COMPLETED',
    fields: {
      twitter_username: { value: 'ada_l', source: 'github_profile', at },
      linkedin_url: { value: 'https://www.linkedin.com/in/ada-social', source: 'github_social', at },
      personal_website: { value: 'https://ada.example/', source: 'github_profile', at },
    },
    states: { github: { state: 'ok', at }, x: { state: 'off', at }, website: { state: 'off', at } },
    lastEnrichedAt: expect.any(Date),
    error: null,
  });
  expect(asked).toEqual([]);
  expect(github.mistakes).toEqual([]);
  // Neither name nor address went through Temporal.
  const history = JSON.stringify(await stack.temporal.client.workflow.getHandle(job.workflowId).fetchHistory());
  const payloads = [...history.matchAll(/"data":"([^"]*)"/g)].map(([, data]) => Buffer.from(data ?? '', 'base64').toString());
  expect(payloads.length).toBeGreaterThan(5);
  expect(payloads.join('\n')).not.toMatch(/ada|lovelace|example/i);
});

test('a better source is not overwritten, worse ones fill in, an e-mail is stored where that is switched on', async () => {
  const job = await run(sources({ ...everything(), emails: true }), enrichAda);
  expect(job.status).toBe('COMPLETED');
  const known = await enrichmentOf(stack.database.db, await idOf(ADA));
  expect(known?.fields).toMatchObject({
    linkedin_url: { value: 'https://www.linkedin.com/in/ada-social', source: 'github_social' },
    personal_website: { value: 'https://ada.example/', source: 'github_profile' },
    personal_email: { value: 'ada@ada.example', source: 'github_profile' },
  });
  expect(known?.states).toMatchObject({ x: { state: 'ok' }, website: { state: 'ok' } });
  expect(asked.toSorted()).toEqual(['/', '/2/users/by/username/ada_l?user.fields=entities']);

  // The account is taken off the profile: the page, which comes next, is believed now. The switch is off again: the address goes.
  const { profile } = github.dataset.accounts.get(ADA)!;
  (profile as { socialAccounts?: unknown }).socialAccounts = [];
  github.dataset.touch();
  await run(sources(everything()), enrichAda);
  const later = await enrichmentOf(stack.database.db, await idOf(ADA));
  expect(later?.fields.linkedin_url).toMatchObject({ value: 'https://www.linkedin.com/in/ada-page', source: 'website' });
  expect(later?.fields.personal_email).toBeUndefined();
});

test('a source that fails, fails alone: the job is completed, the person PARTIAL', async () => {
  xStatus = 503;
  page = 'x'.repeat(1_100_000);
  const job = await run(sources(everything()), enrichAda);
  page = '';
  expect(job.status).toBe('COMPLETED');
  expect(await enrichmentOf(stack.database.db, await idOf(ADA))).toMatchObject({
    status: 'PARTIAL',
    fields: { twitter_username: { value: 'ada_l' } },
    states: { github: { state: 'ok' }, x: { state: 'failed' }, website: { state: 'too_large' } },
  });
});

test('somebody whom GitHub no longer knows fails the job; somebody who opted out is not asked about', async () => {
  const { db } = stack.database;
  const gone = await run(sources(), async () => createEnrichJob(db, { userId: await idOf(GONE), requestedBy: 'test' }));
  expect(gone).toMatchObject({ status: 'FAILED', errorCode: 'profile_not_found' });
  expect(await enrichmentOf(db, await idOf(GONE))).toMatchObject({ status: 'FAILED', states: { github: { state: 'not_found' } } });
  const before = github.requests.length;
  const job = await enrichAda();
  await hidePerson(db, Buffer.from('a key that only tests know'), (await findAnyone(db, 'ada-l'))!);
  expect(await run(sources(), async () => job)).toMatchObject({ status: 'FAILED', errorCode: 'contributor_gone' });
  expect(github.requests).toHaveLength(before);
});

test('a batch asks about the first of the board, each once, whatever becomes of the others; what is fresh is left alone', async () => {
  const { db } = stack.database;
  const own = await enrichAda();
  const request = { top: 10, staleAfterDays: 30 };
  const batch = () => createEnrichBatchJob(db, { request, requestedBy: 'test' });
  const job = await run(sources(), batch);
  // Ada has a job of her own, GitHub does not know the third.
  expect(job).toMatchObject({
    status: 'COMPLETED',
    planNote: 'enriched 1, skipped 1, failed 1',
    done: 3,
    complete: false,
    incomplete: [{ kind: null, month: null, reason: '1 of 3 people could not be asked about' }],
  });
  expect(await enrichmentOf(db, await idOf(BEN))).toMatchObject({ status: 'COMPLETED', fields: {} });
  await db.pool.query(`UPDATE scrape_job SET status = 'CANCELLED' WHERE id = $1`, [own.id]);
  expect(await run(sources(), batch)).toMatchObject({ planNote: 'enriched 1, skipped 0, failed 1' });
});

test('a job whose start was lost is started by the reconciler, and enrichment takes no place from scrapes', async () => {
  const { db } = stack.database;
  await stack.withWorkers(
    [],
    async () => {
      const job = await enrichAda();
      await db.pool.query(`UPDATE scrape_job SET dispatched_at = now() - interval '1 minute' WHERE id = $1`, [job.id]);
      expect(await reconcile({ db, engine: stack.engine, log: quietLog, limit: 4 })).toMatchObject({ started: 1, dispatched: 0 });
      expect(await stack.finished(job)).toMatchObject({ status: 'COMPLETED' });
      expect((await jobById(db, job.id))?.repositoryName).toBe('');
    },
    { enrichment: sources() },
  );
});
