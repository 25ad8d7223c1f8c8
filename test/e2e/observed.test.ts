import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from '@temporalio/worker';
import { Client } from 'pg';
import { WebSocket } from 'ws';
import { installRuntime } from '../../src/activities/worker-runtime.ts';
import { handChecked } from '../fakes/github/datasets/hand-checked.ts';
import { startFakeGithub, type FakeGithub } from '../fakes/github/server.ts';
import { lintOf, readExposition, type Exposition } from '../metrics/exposition.ts';
import { createTestDatabase, type TestDatabase } from '../stack/database.ts';
import { createNamespace, quietLog, until, workflowBundle, type TestNamespace } from '../temporal/test-namespace.ts';
import { startCollector, type CollectedSpan, type Collector } from './collector.ts';
import { spawnEntry, spawnWorker, type WorkerProcess } from './worker-process.ts';

/*
 * What one sees of Laurels from outside: an API process and a worker process, as they are run, do one scrape of GitHub.
 */

const TOKEN = 'ghp_observedobservedobserved00000';

let database: TestDatabase;
let temporal: TestNamespace;
let github: FakeGithub;
let collector: Collector;
let dataDir: string;
let server: WorkerProcess;
let worker: WorkerProcess;
let url: string;
let follower: WebSocket;
/** How the server ended the log stream. */
let followerClosed: Promise<number>;
let jobId: string;

beforeAll(async () => {
  [database, temporal, collector, github, dataDir] = await Promise.all([
    createTestDatabase(),
    createNamespace(),
    startCollector(),
    startFakeGithub({ dataset: handChecked(new Date().toISOString().slice(0, 10)).data, tokens: { [TOKEN]: {} } }),
    mkdtemp(join(tmpdir(), 'laurels-observed-')),
  ]);
  const environment = {
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    METRICS_PORT: '0',
    GITHUB_TOKEN: TOKEN,
    GITHUB_API_URL: github.restUrl,
    OPT_OUT_KEY: 'a key that only this test knows',
    LOG_LEVEL: 'debug',
    PORT: '0',
    DATA_DIR: dataDir,
  };
  server = spawnEntry('server', environment);
  worker = spawnWorker(environment);
  await Promise.all([server.ready(), worker.ready()]);
  url = saidReady(server).url ?? '';
  follower = new WebSocket(`${url.replace('http', 'ws')}/dashboard/ws/logs?after=0`);
  followerClosed = new Promise((resolve) => follower.on('close', resolve).on('error', () => undefined));
  jobId = await scraped();
}, 120_000);
afterAll(async () => {
  await Promise.all([server.kill(), worker.kill()]);
  await Promise.all([collector.stop(), github.stop(), database.drop(), temporal.close()]);
  await rm(dataDir, { recursive: true, force: true });
});

const linesOf = ({ output }: WorkerProcess): Record<string, unknown>[] =>
  output()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

function saidReady(from: WorkerProcess): { url?: string; metrics?: string } {
  return linesOf(from).find(({ msg }) => /^(?:server|worker) ready$/.test(String(msg))) ?? {};
}

async function json<T>(method: string, path: string, body?: unknown): Promise<T> {
  const sent = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  const response = await fetch(`${url}${path}`, { method, ...sent });
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}

/** Asks for a scrape and waits for its end, and for the board of all repositories after it. */
async function scraped(): Promise<string> {
  await json('POST', '/api/v1/repositories', { owner: 'octo-corp', name: 'hand-checked' });
  const { id } = await json<{ id: string }>('POST', '/api/v1/repositories/octo-corp/hand-checked/scrape');
  const ended = async (): Promise<boolean> => (await json<{ status: string }>('GET', `/api/v1/jobs/${id}`)).status === 'COMPLETED';
  await until(ended, { withinMs: 60_000, everyMs: 200, what: 'the scrape to end' });
  await until(() => worker.output().includes('global leaderboard recalculated'), { what: 'the global board' });
  return id;
}

async function expositionAt(address: string): Promise<Exposition> {
  const response = await fetch(address);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  return readExposition(await response.text());
}

describe('traces', () => {
  const namesOf = (spans: readonly CollectedSpan[]): readonly string[] => spans.map(({ name }) => name);
  const parentOf = (child: CollectedSpan | undefined): CollectedSpan | undefined =>
    collector.spans.find(({ spanId, traceId }) => spanId === child?.parentSpanId && traceId === child?.traceId);

  test('join the request, the workflow it started, the steps and their statements', async () => {
    const last = 'RunWorkflow:scrapeRepository';
    await until(() => namesOf(collector.spans).includes(last), { what: `the span ${last}` });
    const asked = collector.spans.find(({ name }) => name === 'POST /api/v1/repositories/{owner}/{name}/scrape');
    const together = collector.spans.filter(({ traceId }) => traceId === asked?.traceId);
    expect(namesOf(together)).toEqual(
      expect.arrayContaining(['INSERT', 'StartWorkflow:scrapeRepository', last, 'RunActivity:planSource', 'RunActivity:readSlice', 'COPY']),
    );
    const publishing = together.find(({ name }) => name === 'RunActivity:publish');
    const statement = together.find(({ parentSpanId }) => parentSpanId === publishing?.spanId);
    expect(statement?.name).toMatch(/^[A-Z]+$/);
    const steps = ['StartActivity:publish', last, 'StartWorkflow:scrapeRepository', asked?.name];
    let span = publishing;
    for (const name of steps) expect((span = parentOf(span))?.name).toBe(name);
  });

  test('name nobody: templates, kinds and ids only, statements without what was put in', () => {
    const known = collector.spans.flatMap(({ attributes }) => attributes.map(({ key }) => key));
    expect(
      [...new Set(known)].filter((key) => !/^(?:http\.|db\.|laurels\.)|^(?:run_id|workflowType|taskQueue|attempt)$/.test(key)),
    ).toEqual([]);
    expect(/octo-corp|hand-checked|octocat|ghp_/i.exec(collector.text())).toBeNull();
    expect(collector.text()).toContain('"laurels.job_id"');
  });
});

describe('log lines', () => {
  test('of the API carry the id of their request, those that the client gave too', async () => {
    await fetch(`${url}/api/v1/jobs`, { headers: { 'x-request-id': 'asked-by-me' } });
    await until(() => server.output().includes('asked-by-me'));
    const lines = linesOf(server).filter(({ msg }) => !/^server (?:ready|stopping|stopped)$/.test(String(msg)));
    expect(lines.length).toBeGreaterThan(5);
    for (const line of lines) expect(line).toMatchObject({ request_id: expect.any(String), trace_id: expect.any(String) });
  });

  test('of the worker carry workflow, run, activity and attempt, those of a job its id', () => {
    const lines = linesOf(worker).filter(({ msg }) => !/^worker (?:ready|stopping|stopped)$/.test(String(msg)));
    const ofJob = lines.filter(({ job_id }) => job_id === jobId);
    expect(ofJob.map(({ msg }) => msg)).toEqual(
      expect.arrayContaining(['job started', 'planned', 'slice read', 'published', 'job completed']),
    );
    for (const line of lines) {
      expect(line).toMatchObject({
        workflow_id: expect.any(String),
        run_id: expect.any(String),
        activity: expect.any(String),
        attempt: expect.any(Number),
      });
    }
  });

  test('hold no secret', () => expect(server.output() + worker.output()).not.toContain(TOKEN));
});

describe('metrics', () => {
  /** Those that a scrape moves, by the process that tells them. */
  const MOVED: Readonly<Record<'server' | 'worker', readonly (readonly [string, Record<string, string>?])[]>> = {
    server: [
      ['laurels_http_requests_total', { method: 'POST', route: '/api/v1/repositories/{owner}/{name}/scrape', status: '202' }],
      ['laurels_http_request_duration_seconds_count', { route: '/api/v1/jobs/{id}' }],
      ['laurels_log_stream_clients'],
      ['laurels_log_stream_lines_sent_total'],
      ['laurels_jobs', { type: 'FULL', status: 'COMPLETED' }],
      ['laurels_board_rows'],
      ['laurels_board_updated_timestamp_seconds'],
      ['laurels_repository_oldest_scrape_timestamp_seconds'],
      ['laurels_database_up'],
      ['laurels_database_pool_connections', { pool: 'api' }],
      ['laurels_database_pool_connections_limit', { pool: 'api' }],
      ['laurels_temporal_up'],
      ['laurels_temporal_worker_up'],
      ['process_resident_memory_bytes'],
      ['nodejs_eventloop_lag_p99_seconds'],
    ],
    worker: [
      ['laurels_jobs_closed_total', { type: 'FULL', status: 'COMPLETED' }],
      ['laurels_job_duration_seconds_count', { type: 'FULL' }],
      ['laurels_job_queued_seconds_count', { type: 'FULL' }],
      ['laurels_step_attempts_total', { activity: 'publish', outcome: 'done' }],
      ['laurels_step_duration_seconds_count', { activity: 'readSlice' }],
      ['laurels_source_requests_total', { source: 'github', outcome: 'ok' }],
      ['laurels_source_request_duration_seconds_count', { source: 'github' }],
      ['laurels_source_points_left', { source: 'github', credential: 'token 1', resource: 'graphql' }],
      ['laurels_source_pages_read_total', { source: 'github' }],
      ['laurels_source_contributions_read_total', { source: 'github' }],
      ['laurels_sink_rows_staged_total', { source: 'github' }],
      ['laurels_sink_rows_published_total'],
      ['laurels_publish_duration_seconds_count'],
      ['laurels_board_rebuild_duration_seconds_count'],
      ['laurels_database_pool_connections', { pool: 'worker' }],
      ['temporal_worker_task_slots_available', { worker_type: 'ActivityWorker' }],
      ['temporal_workflow_completed_total', { workflow_type: 'scrapeRepository' }],
      ['temporal_activity_execution_latency_seconds_count', { activity_type: 'publish' }],
    ],
  };

  test.each(['server', 'worker'] as const)(
    'of the %s move with a scrape, are named as Prometheus asks, and have a line in the docs',
    async (role) => {
      const metrics = await expositionAt(saidReady(role === 'server' ? server : worker).metrics ?? '');
      for (const [name, labels = {}] of MOVED[role]) {
        const value = metrics.value(name, labels);
        expect({ name, labels, hasMoved: value !== null && value > 0 }).toEqual({ name, labels, hasMoved: true });
      }
      expect(lintOf(metrics)).toEqual([]);
      const docs = await readFile(new URL('../../docs/observability.md', import.meta.url), 'utf8');
      const undocumented = [...metrics.families.keys()].filter((name) => name.startsWith('laurels_') && !docs.includes(`\`${name}\``));
      expect(undocumented).toEqual([]);
      const documented = [...docs.matchAll(role === 'worker' ? /`((?:laurels|temporal)_\w+)`/g : /`(laurels_\w+)`/g)].map(
        ([, name = '']) => name,
      );
      expect(documented.filter((name) => !metrics.families.has(name))).toEqual([]);
    },
  );

  test('are told by the API itself, too, and (A138) on a port of their own to nobody who comes by a foreign name', async () => {
    expect((await expositionAt(`${url}/metrics`)).value('laurels_http_requests_in_flight')).toBe(1);
    const own = new URL(saidReady(worker).metrics ?? '');
    const ask = (host: string, path: string): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const request = httpRequest({ host: own.hostname, port: own.port, path, headers: { host }, agent: false }, (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        request.on('error', reject).end();
      });
    expect(own.hostname).toBe('127.0.0.1');
    expect(await ask('evil.example', '/metrics')).toBe(421);
    expect(await ask(`localhost:${own.port}`, '/metrics')).toBe(200);
    expect(await ask(own.host, '/')).toBe(404);
  });
});

test('a workflow that was traced can be finished by a worker that traces nothing', async () => {
  const workflowId = `scrape:octo-corp/hand-checked:${jobId}`;
  installRuntime(quietLog);
  const history = await temporal.client.workflow.getHandle(workflowId).fetchHistory();
  await Worker.runReplayHistory({ workflowBundle: await workflowBundle() }, history, workflowId);
});

describe('on SIGTERM', () => {
  /** Whoever reads the table waits for the returned function. */
  async function held(table: string): Promise<Client> {
    const holder = new Client({ connectionString: database.url });
    await holder.connect();
    await holder.query(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
    return holder;
  }
  const waiting = async (holder: Client): Promise<number> =>
    (await holder.query<{ waiting: number }>('SELECT count(*)::int AS waiting FROM pg_locks WHERE NOT granted')).rows[0]?.waiting ?? 0;

  test('the API answers what is under way, takes nothing new, tells the log clients, and is gone within ten seconds whatever hangs', async () => {
    const holders = [await held('repository'), await held('scrape_job')] as const;
    const underWay = fetch(`${url}/api/v1/repositories`);
    const brokenOff = fetch(`${url}/api/v1/jobs`).then(
      () => 'answered',
      () => 'broken off',
    );
    await until(async () => (await waiting(holders[0])) >= 2, { what: 'both requests to wait' });
    const askedAt = performance.now();
    server.child.kill('SIGTERM');
    expect(await followerClosed).toBe(1001);
    const isRefused = (): Promise<boolean> =>
      fetch(`${url}/healthz`).then(
        () => false,
        () => true,
      );
    await until(isRefused, { what: 'new requests to be refused' });
    await holders[0].query('COMMIT');
    expect((await underWay).status).toBe(200);
    expect(await brokenOff).toBe('broken off');
    expect(await server.ended).toBe(0);
    expect(performance.now() - askedAt).toBeLessThan(10_000);
    await Promise.all(holders.map((holder) => holder.end()));
  }, 30_000);

  test('the worker ends by itself', async () => {
    worker.child.kill('SIGTERM');
    expect(await worker.ended).toBe(0);
    expect(linesOf(worker).at(-1)).toMatchObject({ msg: 'worker stopped' });
  });
});
