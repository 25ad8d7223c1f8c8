/**
 * `npm run soak -- --minutes 60 --seed 7`: real processes, real work, random faults. Everything is on loopback and in a temporary
 * directory, and only what it started itself is hurt. Exit code 1 when something does not hold.
 */
import '../../src/cli/current-node.ts';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { verifyDatabase } from '../../src/db/verify.ts';
import { addDays, dayOf } from '../../src/domain/window.ts';
import { TASK_QUEUES, WORKFLOW_TYPES } from '../../src/workflows/contract.ts';
import { createClients } from './clients.ts';
import { startGithubWorld } from './github-world.ts';
import { Nemesis } from './nemesis.ts';
import { Samples } from './processes.ts';
import { randomOf, type Random } from './random.ts';
import { report } from './report.ts';
import { startProcesses } from './stack.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000)) },
    every: { type: 'string', default: '10' },
    json: { type: 'boolean', default: false },
  },
});
const [minutes, seed, every] = [Number(values.minutes), Number(values.seed), Number(values.every)];
if (!(minutes > 0 && minutes <= 24 * 60) || !Number.isInteger(seed) || !(every >= 1)) {
  console.error('usage: npm run soak -- [--minutes 1-1440] [--seed N] [--every SECONDS between faults] [--json]');
  process.exit(2);
}
const say = (line: string): void => void process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);
/** What each repository begins with. */
const SIZE = {
  commits: 300,
  pullRequests: 120,
  issues: 80,
  comments: 150,
  reviewComments: 60,
  commitComments: 10,
  releases: 6,
  people: 60,
};
/** All work must have ended so long after the last fault: four attempts with 60, 120 and 180 s between, and a wait for GitHub. */
const QUIET_MS = 12 * 60_000;

/** An hour of GH Archive of a repository that GitHub does not have. */
function archiveHour(day: string): Buffer {
  const lines = Array.from({ length: 400 }, (_, index) => {
    const user = { id: 1_000 + (index % 40), login: `person-${index % 40}`, type: 'User' };
    const issue = { id: 9_000 + index, number: index + 1, user, created_at: `${day}T10:00:00Z` };
    return JSON.stringify({
      id: String(40_000_000_000 + index),
      type: 'IssuesEvent',
      actor: { id: user.id, login: user.login },
      repo: { id: 77, name: 'octo/archived' },
      payload: { action: 'opened', issue },
      public: true,
      created_at: `${day}T10:00:00Z`,
    });
  });
  return gzipSync(`${lines.join('\n')}\n`);
}

const cleanUps: (() => Promise<unknown>)[] = [];
async function cleanUp(): Promise<void> {
  for (const one of cleanUps.splice(0).toReversed()) await one().catch((error: unknown) => say(String(error)));
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => void cleanUp().finally(() => process.exit(130)));
}
const directory = await mkdtemp(join(tmpdir(), 'laurels-soak-'));
let isSound = false;
try {
  await chmod(directory, 0o711);
  const [dataDir, hours] = [join(directory, 'data'), join(directory, 'hours')];
  await mkdir(dataDir, { mode: 0o711 });
  await mkdir(hours);
  const today = dayOf(new Date());
  await writeFile(join(hours, `${addDays(today, -2)}-10.json.gz`), archiveHour(addDays(today, -2)));

  // Each has draws of its own: what the nemesis does in which order is the same for the same seed, whatever is slow.
  const [random, worldRandom, nemesisRandom, clientRandom] = [0, 1, 2, 3].map((part) => randomOf(seed * 4 + part)) as [
    Random,
    Random,
    Random,
    Random,
  ];
  say(`seed ${seed}, ${minutes} minutes, a fault every ${every} s on average, logs in ${directory}`);
  const world = await startGithubWorld({ repositories: 6, size: SIZE, today, random: worldRandom });
  cleanUps.push(() => world.fake.stop());
  const { url, db, engine, processes, servers } = await startProcesses({
    directory,
    dataDir,
    say,
    onEnd: (end) => cleanUps.push(end),
    environment: { GITHUB_TOKEN: 'ghp_soak', GITHUB_API_URL: world.fake.restUrl, GHARCHIVE_DIR: hours, SOURCES: 'github,gharchive' },
  });
  for (const name of [...world.names, 'octo/archived']) {
    const [owner, short] = name.split('/');
    const sources = name === 'octo/archived' ? ['gharchive'] : ['github'];
    await fetch(`${url}/api/v1/repositories`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ owner, name: short }),
    });
    await fetch(`${url}/api/v1/repositories/${name}/scrape`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ sources }),
    });
  }
  for (const [scheduleId, workflowType, args, interval] of [
    ['soak-refresh', WORKFLOW_TYPES.refreshStaleRepositories, [{ staleAfterHours: 0, fullScrapeDays: 1 }], '2 minutes'],
    ['soak-recalculation', WORKFLOW_TYPES.requestRecalculation, [], '1 minute'],
    ['soak-prune', WORKFLOW_TYPES.pruneOldRecords, [{ logDays: 30, jobDays: 365, auditDays: 365 }], '5 minutes'],
  ] as const) {
    await engine.client.schedule.create({
      scheduleId,
      spec: { intervals: [{ every: interval }] },
      action: {
        type: 'startWorkflow',
        workflowType,
        workflowId: scheduleId,
        taskQueue: TASK_QUEUES.main,
        args: [...args],
        workflowExecutionTimeout: '10 minutes',
      },
      policies: { catchupWindow: '1 minute' },
    });
  }

  const nemesis = new Nemesis({
    random: nemesisRandom,
    processes,
    servers,
    world,
    begun: performance.now(),
    lastsMs: minutes * 60_000,
    say,
  });
  const clients = createClients({
    url,
    repositories: [...world.names, 'octo/archived'],
    random: clientRandom,
    hurtAt: () => nemesis.hurtAt,
  });
  const samples = new Samples();
  const sampled = [...Object.values(processes), ...Object.entries(servers).map(([role, { pid }]) => ({ role, pid }))];
  const until = performance.now() + minutes * 60_000;
  const isOver = (): boolean => performance.now() >= until;
  const loop = async (step: () => Promise<unknown>, waitMs: () => number): Promise<void> => {
    while (!isOver()) {
      await step();
      await delay(Math.min(waitMs(), Math.max(0, until - performance.now())));
    }
  };
  await Promise.all([
    loop(
      () => clients.act(),
      () => random.next() * 6_000,
    ),
    loop(
      () => clients.read(),
      () => 700,
    ),
    loop(
      async () => nemesis.note('work on GitHub: ' + world.work()),
      () => random.next() * 4_000,
    ),
    loop(
      async () => nemesis.strike(),
      () => random.next() * 2 * every * 1_000,
    ),
    loop(
      () => samples.take(sampled),
      () => Math.min(60_000, (minutes * 60_000) / 8),
    ),
  ]);

  say('no more faults: waiting until all is quiet');
  world.fake.faults.clear();
  nemesis.rest();
  for (const id of ['soak-refresh', 'soak-recalculation', 'soak-prune', 'refresh-stale-repositories']) {
    await retried(() => engine.client.schedule.getHandle(id).pause('the soak is over'));
  }
  const quietAt = performance.now() + QUIET_MS;
  const unfinished = async (): Promise<number> =>
    (await db.pool.query<{ n: number }>(`SELECT count(*)::int AS n FROM scrape_job WHERE status IN ('QUEUED','RUNNING','RETRYING')`))
      .rows[0]?.n ?? 0;
  while ((await retried(unfinished)) > 0 && performance.now() < quietAt) await delay(1_000);
  await samples.take(sampled);
  // Whoever closed the last job has asked for the global board; it is there within moments.
  const settledAt = performance.now() + 60_000;
  const look = () =>
    retried(() =>
      verifyDatabase(db, { isSettled: true, isRunning: true, workflowState: (job) => engine.liveStatus(job), patienceMs: 60_000 }),
    );
  let verification = await look();
  while (!verification.isSound && performance.now() < settledAt) {
    await delay(3_000);
    verification = await look();
  }
  const ended = await db.pool.query<{ status: string; code: string | null; jobs: number }>(
    `SELECT status, error_code AS code, count(*)::int AS jobs FROM scrape_job GROUP BY 1, 2 ORDER BY 1, 2`,
  );
  const { rows: kept } = await db.pool.query<{ id: string }>('SELECT id FROM scrape_job WHERE id = ANY($1)', [[...clients.promised]]);
  const lost = [...clients.promised].filter((id) => !kept.some((job) => job.id === id));
  isSound = report({
    seed,
    minutes,
    done: nemesis.done,
    answers: clients.answers,
    jobs: ended.rows,
    memory: samples.rows(),
    verification,
    wrong: [...clients.wrong, ...lost.map((id) => `job ${id} was promised with a 202 and is not there`), ...world.fake.mistakes],
    json: values.json,
  });
} finally {
  await cleanUp();
  if (isSound) await rm(directory, { recursive: true, force: true });
  else say(`the logs are kept in ${directory}`);
}
process.exit(isSound ? 0 : 1);

/** A service that was just hurt answers in a moment. */
async function retried<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      if (tries > 60) throw error;
      await delay(1_000);
    }
  }
}
