/**
 * `npm run load`: readers, writers, log clients and 200 scrapes at once, against a whole Laurels of processes on loopback. It says how
 * much slower reads are than on an idle one, and whether scrapes began in the order in which they were asked for, so many at a time, and
 * all ended. Where processors can be divided (taskset), API, PostgreSQL and readers have one half of them, and workers, Temporal and
 * what stands for GitHub the other, before and meanwhile. Exit code 1 when something does not hold.
 */
import '../../src/cli/current-node.ts';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { WebSocket } from 'ws';
import type { Load, LoadResult } from '../../bench/api/load.ts';
import { median } from '../../bench/row.ts';
import { verifyDatabase } from '../../src/db/verify.ts';
import { dayOf } from '../../src/domain/window.ts';
import { startGithubWorld } from '../soak/github-world.ts';
import { randomOf } from '../soak/random.ts';
import { startProcesses } from '../soak/stack.ts';
import { halves, keepTo } from './processors.ts';

const { values } = parseArgs({
  options: {
    repositories: { type: 'string', default: '200' },
    'log-clients': { type: 'string', default: '20' },
    json: { type: 'boolean', default: false },
  },
});
const [repositories, logClients] = [Number(values.repositories), Number(values['log-clients'])];
if (!(Number.isInteger(repositories) && repositories >= 10 && repositories <= 1_000 && logClients >= 1 && logClients <= 20)) {
  console.error('usage: npm run load -- [--repositories 10-1000] [--log-clients 1-20] [--json]');
  process.exit(2);
}
const say = (line: string): void => void process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);
/** What each repository begins with: small, so that the queue and not GitHub is what takes time. */
const SIZE = { commits: 12, pullRequests: 4, issues: 4, comments: 6, reviewComments: 2, releases: 1, people: 40 };
/** Repositories with a board before the load begins. */
const READ = 10;
const AT_ONCE = 4;
const CONNECTIONS = 2;
const WINDOW_MS = 4_000;
const IDLE_WINDOWS = 5;
const LIMIT_MS = 30 * 60_000;
/** Reads may take so many times as long as on an idle Laurels. */
const MOST_RATIO = 2;

interface Window {
  readonly p50: number;
  readonly p99: number;
  readonly perSecond: number;
}
const windowOf = ({ latencies, requests, seconds }: LoadResult): Window => {
  const sorted = [...latencies].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { p50: at(0.5), p99: at(0.99), perSecond: requests / seconds };
};
const middleOf = (windows: readonly Window[]): Window => ({
  p50: median(windows.map(({ p50 }) => p50)),
  p99: median(windows.map(({ p99 }) => p99)),
  perSecond: median(windows.map(({ perSecond }) => perSecond)),
});

const ends: (() => Promise<unknown>)[] = [];
async function cleanUp(): Promise<void> {
  for (const one of ends.splice(0).toReversed()) await one().catch((error: unknown) => say(String(error)));
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => void cleanUp().finally(() => process.exit(130)));

const directory = await mkdtemp(join(tmpdir(), 'laurels-load-'));
let isSound = false;
try {
  await chmod(directory, 0o711);
  const dataDir = join(directory, 'data');
  await mkdir(dataDir, { mode: 0o711 });
  const world = await startGithubWorld({ repositories, size: SIZE, today: dayOf(new Date()), random: randomOf(1) });
  ends.push(() => world.fake.stop());
  const { url, port, db, engine, processes, servers } = await startProcesses({
    directory,
    dataDir,
    say,
    onEnd: (end) => ends.push(end),
    environment: { GITHUB_TOKEN: 'ghp_load', GITHUB_API_URL: world.fake.restUrl, MAX_CONCURRENT_SCRAPES: String(AT_ONCE) },
  });
  const readers = fork(new URL('reader-process.ts', import.meta.url));
  ends.push(async () => readers.kill());
  // As on two machines: who is read from has one half of the processors, who collects, and what stands for GitHub, the other.
  const divided = halves();
  if (divided === null) say('one processor, or no taskset: readers and workers share what there is');
  else {
    const here = [readers.pid, processes['server']?.pid(), servers.PostgreSQL.pid()];
    const there = [processes['worker a']?.pid(), processes['worker b']?.pid(), servers.Temporal.pid()];
    keepTo(divided.workers, process.pid);
    for (const pid of there) keepTo(divided.workers, pid ?? 0);
    for (const pid of here) keepTo(divided.readers, pid ?? 0);
  }
  const statuses = new Map<string, number>();
  const call = async (what: string, method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const key = `${what} ${response.status}`;
    statuses.set(key, (statuses.get(key) ?? 0) + 1);
    return { etag: response.headers.get('etag'), body: (await response.json()) as Record<string, unknown> };
  };
  const one = async <T>(sql: string, values_: unknown[] = []): Promise<T> => (await db.pool.query(sql, values_)).rows[0] as T;
  const unfinished = async (): Promise<number> =>
    (await one<{ n: number }>(`SELECT count(*)::int AS n FROM scrape_job WHERE status IN ('QUEUED','RUNNING','RETRYING')`)).n;
  const untilQuiet = async (): Promise<void> => {
    const limit = performance.now() + LIMIT_MS;
    while ((await unfinished()) > 0) {
      if (performance.now() > limit) throw new Error(`${await unfinished()} jobs have not ended after ${LIMIT_MS / 60_000} minutes`);
      await delay(500);
    }
  };

  say(`${repositories} repositories are added`);
  const addBegun = performance.now();
  for (const name of world.names) {
    const [owner, short] = name.split('/');
    await call('add', 'POST', '/repositories', { owner, name: short });
  }
  const addedPerSecond = repositories / ((performance.now() - addBegun) / 1_000);
  for (const name of world.names.slice(0, READ)) await call('scrape', 'POST', `/repositories/${name}/scrape`, {});
  await untilQuiet();
  await delay(5_000);

  const requests = [
    { path: '/api/v1/leaderboard/global' },
    ...world.names.slice(0, READ).map((name) => ({ path: `/api/v1/leaderboard/${name}` })),
    { path: '/api/v1/leaderboard/global?window=90d' },
    { path: '/api/v1/repositories' },
    { path: '/api/v1/jobs' },
  ];
  const readStatuses: Record<number, number> = {};
  const read = async (): Promise<Window> => {
    const load: Load = { port, connections: CONNECTIONS, requests, forMs: WINDOW_MS };
    readers.send(load);
    const [result] = (await once(readers, 'message')) as [LoadResult];
    for (const [status, times] of Object.entries(result.statuses))
      readStatuses[Number(status)] = (readStatuses[Number(status)] ?? 0) + times;
    return windowOf(result);
  };
  await read();
  say('reads of an idle Laurels');
  const idle: Window[] = [];
  for (let index = 0; index < IDLE_WINDOWS; index += 1) idle.push(await read());

  // Every client gets every line, in order, once.
  const { last } = await one<{ last: number }>('SELECT coalesce(max(id), 0) AS last FROM job_log');
  const lines = Array.from({ length: logClients }, () => [] as number[]);
  await Promise.all(
    lines.map(async (mine) => {
      const socket = new WebSocket(`${url.replace('http', 'ws')}/dashboard/ws/logs?after=${last}&level=debug`);
      socket.on('message', (data: Buffer) => {
        const { id } = JSON.parse(data.toString()) as { readonly id?: number };
        if (id !== undefined) mine.push(id);
      });
      ends.push(async () => socket.terminate());
      await new Promise<void>((resolve, reject) => void socket.once('open', resolve).once('error', reject));
    }),
  );

  say(`${repositories} scrapes are asked for at once, ${AT_ONCE} run at a time, ${logClients} clients follow the log`);
  const asked = performance.now();
  const { rows: before } = await db.pool.query<{ id: string }>('SELECT id FROM scrape_job');
  await Promise.all(world.names.map((name) => call('scrape', 'POST', `/repositories/${name}/scrape`, {})));
  const acceptedPerSecond = repositories / ((performance.now() - asked) / 1_000);
  let most = 0;
  const over = new AbortController();
  const busy: Window[] = [];
  await Promise.all([
    untilQuiet().finally(() => over.abort()),
    (async () => {
      while (!over.signal.aborted) {
        const { n } = await one<{ n: number }>(
          `SELECT count(*)::int AS n FROM scrape_job WHERE status IN ('QUEUED','RUNNING','RETRYING') AND dispatched_at IS NOT NULL AND job_type = 'FULL'`,
        );
        most = Math.max(most, n);
        await delay(100);
      }
    })(),
    (async () => {
      while (!over.signal.aborted) busy.push(await read());
    })(),
    (async () => {
      for (let weight = 11; !over.signal.aborted; weight += 1) {
        const { body, etag } = await call('read scoring', 'GET', '/config/scoring');
        const weights = { ...(body['weights'] as Record<string, number>), COMMIT: weight % 50 };
        await call('save scoring', 'PUT', '/config/scoring', { weights, line_bonus_cap: 500 }, { 'if-match': etag ?? '' });
        await delay(5_000);
      }
    })(),
  ]);
  const seconds = (performance.now() - asked) / 1_000;

  say('what came of it');
  const jobs = `SELECT * FROM scrape_job WHERE job_type = 'FULL' AND NOT id = ANY($1)`;
  const known = [before.map(({ id }) => id)];
  const { rows: ended } = await db.pool.query<{ status: string; jobs: number }>(
    `SELECT status, count(*)::int AS jobs FROM (${jobs}) AS j GROUP BY 1`,
    known,
  );
  const { n: overtaken } = await one<{ n: number }>(
    `SELECT count(*)::int AS n FROM (SELECT dispatched_at < lag(dispatched_at) OVER (ORDER BY created_at, id) AS is_earlier FROM (${jobs}) AS j) AS o WHERE is_earlier`,
    known,
  );
  const { rows: written } = await db.pool.query<{ id: number }>('SELECT id FROM job_log WHERE id > $1 ORDER BY id', [last]);
  const isWhole = (mine: readonly number[]): boolean =>
    mine.length === written.length && mine.every((id, index) => id === written[index]?.id);
  const patience = performance.now() + 30_000;
  while (!lines.every(isWhole) && performance.now() < patience) await delay(200);
  const settled = performance.now() + 60_000;
  const look = () =>
    verifyDatabase(db, { isSettled: true, isRunning: true, workflowState: (job) => engine.liveStatus(job), patienceMs: 30_000 });
  let verification = await look();
  while (!verification.isSound && performance.now() < settled) {
    await delay(2_000);
    verification = await look();
  }

  const [calm, loaded] = [middleOf(idle), middleOf(busy)];
  const failed = Object.entries(readStatuses).filter(([status]) => Number(status) >= 400);
  const ratio = { p50: loaded.p50 / calm.p50, p99: loaded.p99 / calm.p99, perSecond: loaded.perSecond / calm.perSecond };
  const checks: readonly (readonly [string, boolean, string])[] = [
    ['all scrapes are accepted', (statuses.get('scrape 202') ?? 0) === repositories + READ, `${acceptedPerSecond.toFixed(0)}/s`],
    [
      'all end as COMPLETED',
      ended.length === 1 && ended[0]?.status === 'COMPLETED' && ended[0].jobs === repositories,
      ended.map(({ status, jobs: n }) => `${n} ${status}`).join(', '),
    ],
    ['they begin in the order in which they were asked for', overtaken === 0, `${overtaken} overtaken`],
    [`at most ${AT_ONCE} at a time`, most <= AT_ONCE, `${most}, ${(repositories / seconds).toFixed(2)} scrapes/s`],
    ['no read fails', failed.length === 0, JSON.stringify(readStatuses)],
    [
      'no write fails',
      [...statuses.keys()].every((key) => !/ (0|[45]\d\d)$/.test(key) || key.endsWith(' 412')),
      [...statuses].map(([key, times]) => `${times} ${key}`).join(', '),
    ],
    [
      `reads take at most ${MOST_RATIO} times as long (median)`,
      ratio.p50 <= MOST_RATIO,
      `p50 ${calm.p50.toFixed(1)} → ${loaded.p50.toFixed(1)} ms (${ratio.p50.toFixed(2)}x), p99 ${calm.p99.toFixed(0)} → ${loaded.p99.toFixed(0)} ms (${ratio.p99.toFixed(2)}x), ${calm.perSecond.toFixed(0)} → ${loaded.perSecond.toFixed(0)} reads/s (${ratio.perSecond.toFixed(2)}x)`,
    ],
    [
      'every log client has every line, in order, once',
      lines.every(isWhole),
      `${written.length} lines to ${logClients} clients, ${lines.filter((mine) => !isWhole(mine)).length} lack some`,
    ],
    [
      'verify finds nothing wrong',
      verification.isSound,
      verification.findings.flatMap(({ name, violations }) => (violations > 0 ? [name] : [])).join(', '),
    ],
  ];
  isSound = checks.every(([, holds]) => holds);
  if (values.json)
    console.log(
      JSON.stringify({
        ok: isSound,
        repositories,
        added_per_second: addedPerSecond,
        seconds,
        idle: calm,
        busy: loaded,
        ratio,
        checks: checks.map(([name, holds, found]) => ({ name, holds, found })),
      }),
    );
  else {
    console.log(
      `${repositories} scrapes in ${seconds.toFixed(0)} s beside ${CONNECTIONS} readers, a writer and ${logClients} log clients; ${addedPerSecond.toFixed(0)} repositories added a second`,
    );
    for (const [name, holds, found] of checks) console.log(`${holds ? '✓' : '✗'} ${name}: ${found}`);
  }
} finally {
  await cleanUp();
  if (isSound) await rm(directory, { recursive: true, force: true });
  else say(`the logs are kept in ${directory}`);
}
process.exit(isSound ? 0 : 1);
