import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleWorkflows } from '../../src/activities/workflow-bundle.ts';
import { startEmbeddedPostgres } from '../../src/embedded/postgres.ts';
import { isAlive } from '../../src/embedded/process-table.ts';
import { findTemporal, findTestServer } from '../../src/embedded/temporal-binary.ts';
import { startEmbeddedTemporal } from '../../src/embedded/temporal.ts';

/** Temporary directories of test runs: `laurels-test-PID-RANDOM`, PID being Jest's. Their processes name them on the command line. */
const PREFIX = 'laurels-test-';
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What globalTeardown ends; handed over by globalThis, the only thing that Jest's two hooks share. */
export interface TestStack {
  stop(): Promise<void>;
}

declare global {
  var laurelsTestStack: TestStack | undefined;
}

/** All processes with their command lines; read at once, because an exit handler can't wait. */
function commandLines(): readonly (readonly [number, string])[] {
  if (process.platform === 'linux') {
    return readdirSync('/proc')
      .filter((entry) => /^\d+$/.test(entry))
      .map((entry) => {
        try {
          return [Number(entry), readFileSync(`/proc/${entry}/cmdline`, 'utf8')];
        } catch {
          // It ended while we looked.
          return [Number(entry), ''];
        }
      });
  }
  const { stdout } = spawnSync('ps', ['-axww', '-o', 'pid=,command='], { encoding: 'utf8', maxBuffer: 16 * 1024 * 1024 });
  return (stdout ?? '').split('\n').map((line) => [Number.parseInt(line, 10), line]);
}

/** Kills what a test run of this process id has started and removes what it has written; at once, for use in an exit handler. */
function sweepRun(run: number): void {
  const name = `${PREFIX}${run}-`;
  for (const [pid, command] of commandLines()) if (command.includes(name)) killQuietly(pid);
  for (const entry of readdirSync(tmpdir()).filter((file) => file.startsWith(name))) {
    rmSync(join(tmpdir(), entry), { recursive: true, force: true, maxRetries: 10 });
  }
}

async function sweepDeadRuns(): Promise<void> {
  const runs = readdirSync(tmpdir()).map((entry) => Number(/^laurels-test-(\d+)-/.exec(entry)?.[1] ?? Number.NaN));
  for (const run of new Set(runs.filter(Number.isInteger))) if (!(await isAlive(run))) sweepRun(run);
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It was gone already.
  }
}

/** One PostgreSQL, one Temporal and the workflows' code for the whole run; LAURELS_TEST_STACK=none leaves them out (pure tests only). */
export default async function startTestStack(): Promise<void> {
  if (process.env['LAURELS_TEST_STACK'] === 'none') return;
  await sweepDeadRuns();
  const directory = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
  const dataDir = join(directory, 'data');
  mkdirSync(dataDir);
  // PostgreSQL's account passes through.
  for (const path of [directory, dataDir]) chmodSync(path, 0o711);
  const say = (line: string) => process.stderr.write(`test stack: ${line}\n`);

  // A run that ends without its teardown (process.exit, Ctrl-C) leaves nothing behind; what kill -9 leaves, the next run sweeps.
  const sweepNow = () => sweepRun(process.pid);
  process.on('exit', sweepNow);
  const onSignal = (signal: NodeJS.Signals) => {
    sweepNow();
    for (const name of SIGNALS) process.removeListener(name, onSignal);
    process.kill(process.pid, signal);
  };
  for (const name of SIGNALS) process.on(name, onSignal);

  const bundlePath = join(directory, 'workflow-bundle.js');
  const [postgres, temporal, testServer] = await Promise.all([
    startEmbeddedPostgres({ dataDir, database: 'postgres', say, durable: false, preferredPort: 0, maxConnections: 200 }),
    findTemporal({ given: process.env['TEMPORAL_CLI'] ?? null, say }).then(({ path }) =>
      startEmbeddedTemporal({ dataDir, binary: path, webUi: false, say, preferredPort: 0 }),
    ),
    findTestServer({ say }),
    bundleWorkflows().then(({ code }) => writeFileSync(bundlePath, code)),
  ]);
  process.env['TEST_DATABASE_URL'] = postgres.url;
  process.env['TEST_TEMPORAL_ADDRESS'] = temporal.address;
  process.env['TEST_TEMPORAL_TEST_SERVER'] = testServer.path;
  process.env['TEST_WORKFLOW_BUNDLE'] = bundlePath;

  globalThis.laurelsTestStack = {
    async stop() {
      for (const name of SIGNALS) process.removeListener(name, onSignal);
      const stopping = Promise.all([temporal.stop(), postgres.stop()]);
      // Nobody needs its histories any more: no second for an orderly end.
      killQuietly(temporal.pid());
      await stopping;
      sweepNow();
      process.removeListener('exit', sweepNow);
    },
  };
}
