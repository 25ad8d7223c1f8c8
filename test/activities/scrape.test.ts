import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readJobLog } from '../../src/db/job-log.ts';
import { requestCancel } from '../../src/db/jobs.ts';
import { undoneSlices } from '../../src/db/staging.ts';
import { repositoryById } from '../../src/db/repositories.ts';
import { AppError } from '../../src/domain/errors.ts';
import { GLOBAL_LEADERBOARD_WORKFLOW_ID } from '../../src/workflows/contract.ts';
import { until } from '../temporal/test-namespace.ts';
import { startStack, type RunningStack } from './running-stack.ts';
import { contributionsOf, createScriptedSource, type Script } from './scripted-source.ts';

let stack: RunningStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.close());

const TWO_SLICES: Script = { slices: { pulls: 3, issues: 2 } };

/** [people, contributions] on the repository's board. */
async function boardOf(repositoryId: number | null): Promise<{ people: number; opened: number }> {
  const { rows } = await stack.database.db.pool.query<{ people: number; opened: number }>(
    `SELECT count(*)::int AS people, coalesce(sum(l.pr_opened_count), 0)::int AS opened
     FROM board b JOIN repository_leaderboard l ON l.repository_id = b.scope AND l.version = b.version AND l.scoring_version = b.scoring_version
     WHERE b.scope = $1`,
    [repositoryId],
  );
  return rows[0] as { people: number; opened: number };
}

test('a scrape reads its source, publishes its board, leaves a readable log, and the global board follows', async () => {
  await stack.withWorkers([createScriptedSource(TWO_SLICES)], async () => {
    const queued = await stack.scrape('plain');
    const job = await stack.finished(queued);
    expect(job).toMatchObject({
      status: 'COMPLETED',
      eventsProcessed: 50,
      people: 5,
      total: 50,
      done: 50,
      unit: 'contributions',
      errorMessage: null,
    });
    expect(await boardOf(job.repositoryId)).toEqual({ people: 5, opened: contributionsOf(TWO_SLICES) });
    expect((await repositoryById(stack.database.db, job.repositoryId as number))?.status).toBe('COMPLETED');

    const handle = stack.temporal.client.workflow.getHandle(queued.workflowId);
    expect(await handle.result()).toEqual({ contributions: 50, people: 5 });
    expect(job.runId).toBe((await handle.describe()).runId);
    await stack.temporal.client.workflow.getHandle(GLOBAL_LEADERBOARD_WORKFLOW_ID).result();
    const { rows } = await stack.database.db.pool.query('SELECT people FROM board WHERE scope = 0');
    expect(rows).toEqual([{ people: 5 }]);

    const lines = await readJobLog(stack.database.db, { jobId: job.id, limit: 100 });
    expect(lines.map(({ message }) => message)).toEqual([
      'job started',
      'planned',
      'slice read',
      'slice read',
      'published',
      'job completed',
    ]);
    expect(lines[0]?.fields).toMatchObject({ workflow_id: queued.workflowId, run_id: job.runId });
  });
});

test('a step that fails is RETRYING with the time of its next attempt and the error, then RUNNING, and nothing is counted twice', async () => {
  let failures = 0;
  const seen: unknown[] = [];
  const source = createScriptedSource({
    ...TWO_SLICES,
    before: async ({ slice, batch }) => {
      if (slice !== 'issues' || batch !== 1) return;
      const { rows } = await stack.database.db.pool.query(
        `SELECT status, attempt, next_retry_at, error_message FROM scrape_job WHERE repository_name = 'octo/flaky'`,
      );
      seen.push(rows[0]);
      failures += 1;
      if (failures <= 2) throw new Error('502 from api.github.com');
    },
  });
  await stack.withWorkers([source], async () => {
    const queued = await stack.scrape('flaky');
    await until(async () => (await stack.job(queued)).status === 'RETRYING');
    const retrying = await stack.job(queued);
    expect(retrying).toMatchObject({ status: 'RETRYING', errorMessage: '502 from api.github.com' });
    expect(retrying.nextRetryAt).toBeInstanceOf(Date);
    const job = await stack.finished(queued);
    expect(job).toMatchObject({ status: 'COMPLETED', eventsProcessed: 50 });
    expect(seen).toEqual([
      { status: 'RUNNING', attempt: 1, next_retry_at: null, error_message: null },
      { status: 'RUNNING', attempt: 2, next_retry_at: null, error_message: null },
      { status: 'RUNNING', attempt: 3, next_retry_at: null, error_message: null },
    ]);
    expect(await boardOf(job.repositoryId)).toEqual({ people: 5, opened: 50 });
    const messages = (await readJobLog(stack.database.db, { jobId: job.id, limit: 100 })).map(({ message }) => message);
    expect(messages.filter((message) => message === 'step failed, will be tried again')).toHaveLength(2);
  });
});

test('a failed scrape says why, leaves no board behind, and its repository can be scraped again', async () => {
  const broken = createScriptedSource({
    ...TWO_SLICES,
    before: async () => {
      throw new AppError('bad_credentials', 401, 'GitHub refuses the token: is it revoked?');
    },
  });
  const first = await stack.withWorkers([broken], async () => stack.finished(await stack.scrape('denied')));
  expect(first).toMatchObject({
    status: 'FAILED',
    errorCode: 'bad_credentials',
    errorMessage: expect.stringMatching(
      /^GitHub refuses the token: is it revoked\? \(while reading github \((pulls|issues)\); not tried again, as that would not help\)$/,
    ),
  });
  expect(await boardOf(first.repositoryId)).toEqual({ people: 0, opened: 0 });
  expect((await repositoryById(stack.database.db, first.repositoryId as number))?.status).toBe('FAILED');
  const second = await stack.withWorkers([createScriptedSource(TWO_SLICES)], async () => stack.finished(await stack.scrape('denied')));
  expect(second.status).toBe('COMPLETED');
});

test('a source the worker lacks is named', async () => {
  const job = await stack.withWorkers([], async () => stack.finished(await stack.scrape('sourceless')));
  expect(job).toMatchObject({
    status: 'FAILED',
    errorCode: 'no_source_configured',
    errorMessage: expect.stringContaining('no source "github"'),
  });
});

test('a source that pauses shows what it waits for and goes on from its cursor', async () => {
  let paused = false;
  const read: string[] = [];
  const source = createScriptedSource({
    ...TWO_SLICES,
    before: async ({ slice, batch }) => {
      read.push(`${slice}:${batch}`);
      if (slice !== 'pulls' || batch !== 2 || paused) return undefined;
      paused = true;
      return new Date(Date.now() + 1_500);
    },
  });
  await stack.withWorkers([source], async () => {
    const queued = await stack.scrape('paused');
    await until(async () => (await stack.job(queued)).waitingUntil !== null);
    expect(await stack.job(queued)).toMatchObject({ status: 'RUNNING', waitingFor: 'GitHub' });
    expect(await stack.finished(queued)).toMatchObject({ status: 'COMPLETED', eventsProcessed: 50, waitingUntil: null, waitingFor: null });
    expect(read.sort()).toEqual(['issues:0', 'issues:1', 'pulls:0', 'pulls:1', 'pulls:2', 'pulls:2']);
  });
});

describe('a source that takes long', () => {
  /** Holds the source before one of its batches, until released or aborted. */
  function held(slice: string, batch: number) {
    let release: () => void = () => undefined;
    let isHeld = false;
    const free = new Promise<void>((resolve) => (release = resolve));
    const read: string[] = [];
    const source = createScriptedSource({
      ...TWO_SLICES,
      before: async (step) => {
        read.push(`${step.slice}:${step.batch}`);
        if (step.slice !== slice || step.batch !== batch) return;
        isHeld = true;
        await Promise.race([free, new Promise((_, reject) => step.signal.addEventListener('abort', () => reject(step.signal.reason)))]);
      },
    });
    return { source, read, release: () => release(), isHeld: () => isHeld };
  }

  test('is cancelled within seconds, and nothing of it is published', async () => {
    const { source, isHeld } = held('pulls', 1);
    await stack.withWorkers([source], async () => {
      const queued = await stack.scrape('cancelled');
      await until(isHeld);
      await requestCancel(stack.database.db, queued.id);
      expect(await stack.engine.cancelJob(queued)).toBe('requested');
      const job = await stack.finished(queued, 6_000);
      expect(job).toMatchObject({ status: 'CANCELLED', errorMessage: null });
      expect(await boardOf(job.repositoryId)).toEqual({ people: 0, opened: 0 });
    });
  });

  test('is put down by a worker that stops and taken up by the next one at its cursor, without an attempt being spent', async () => {
    const first = held('pulls', 2);
    const queued = await stack.withWorkers([first.source], async () => {
      const job = await stack.scrape('moved');
      await until(() => first.isHeld() && first.read.includes('issues:1'));
      await until(async () => (await undoneSlices(stack.database.db, job.id)).length === 1);
      return job;
    });
    expect(await stack.job(queued)).toMatchObject({ status: 'RUNNING', attempt: 1 });
    const second = held('none', 0);
    await stack.withWorkers([second.source], async () => {
      expect(await stack.finished(queued)).toMatchObject({ status: 'COMPLETED', attempt: 1, eventsProcessed: 50 });
    });
    expect(second.read).toEqual(['pulls:2']);
    const messages = (await readJobLog(stack.database.db, { jobId: queued.id, limit: 100 })).map(({ message }) => message);
    expect(messages).toContain('slice put down, the worker stops');
    expect(messages).not.toContain('step failed, will be tried again');
  });
});

test('a worker that finds no archive polls for its scrapes once the first import has made one', async () => {
  const archive = createScriptedSource({ ...TWO_SLICES, name: 'gharchive' });
  let isThere = false;
  await stack.withWorkers(
    [archive],
    async () => {
      const queued = await stack.scrape('archived', { sources: ['gharchive'] });
      // Its first step is taken by the other queue's worker.
      await until(async () => (await stack.job(queued)).status === 'RUNNING');
      isThere = true;
      expect(await stack.finished(queued)).toMatchObject({ status: 'COMPLETED', eventsProcessed: 50 });
    },
    { available: () => (isThere ? [archive] : []) },
  );
});

test('a job that ends starts the next in line', async () => {
  await stack.withWorkers([createScriptedSource(TWO_SLICES)], async () => {
    const [first, second] = [await stack.scrape('line-1', { limit: 1 }), await stack.scrape('line-2', { limit: 1 })];
    expect((await stack.finished(first)).status).toBe('COMPLETED');
    expect((await stack.finished(second)).status).toBe('COMPLETED');
  });
});

test('a scrape stays far below the limits of a history: few events, small payloads, however much is read', async () => {
  const script: Script = { slices: Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`slice-${index}`, 10])), perBatch: 100 };
  await stack.withWorkers([createScriptedSource(script)], async () => {
    const queued = await stack.scrape('large');
    expect(await stack.finished(queued)).toMatchObject({ status: 'COMPLETED', eventsProcessed: 20_000 });
    const handle = stack.temporal.client.workflow.getHandle(queued.workflowId);
    await handle.result();
    const { events = [] } = await handle.fetchHistory();
    const payloads = JSON.stringify(events).match(/"data":(\{[^}]*\}|"[^"]*")/g) ?? [];
    expect(events?.length).toBeLessThan(200);
    expect(Math.max(...payloads.map((text) => text.length))).toBeLessThan(32_000);
  });
});
