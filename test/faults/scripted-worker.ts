import { readFile } from 'node:fs/promises';
import { createWorkers } from '../../src/activities/workers.ts';
import { openDatabase } from '../../src/db/database.ts';
import { createLogger } from '../../src/log/logger.ts';
import { connectEngine } from '../../src/temporal/engine.ts';
import type { Pace } from '../../src/workflows/contract.ts';
import { createScriptedSource } from '../activities/scripted-source.ts';

/** What a worker of a process of its own is told, as JSON in its first argument. */
export interface ScriptedWorkerOptions {
  readonly databaseUrl: string;
  readonly address: string;
  readonly namespace: string;
  readonly slices: Readonly<Record<string, number>>;
  readonly pace: Pace;
  readonly maxConnections: number;
  /** A session that holds a transaction open and says nothing is ended by PostgreSQL after this. */
  readonly idleInTransactionMs: number;
  readonly maxConcurrentScrapes: number;
  /** A file with the bundle of the workflows: making one takes a processor for seconds. */
  readonly bundlePath: string;
}

/*
 * The worker process with a source that a test scripts, in place of those that the environment names. It is killed, stopped and
 * continued; everything but the source is what `node src/worker.ts` runs.
 */
const options = JSON.parse(process.argv[2] ?? '') as ScriptedWorkerOptions;
const { address, namespace, maxConcurrentScrapes } = options;
const log = createLogger({ level: 'warn' });
const db = await openDatabase({
  url: options.databaseUrl,
  applicationName: 'scripted-worker',
  maxConnections: options.maxConnections,
  idleInTransactionMs: options.idleInTransactionMs,
  onError: () => undefined,
});
const engine = connectEngine({ address, namespace, uiUrl: null, pace: options.pace });
const source = createScriptedSource({ slices: options.slices });
const workers = await createWorkers({
  temporal: { address, namespace },
  db,
  // A rebuild of the global board would wait for a publish that a test holds, and all others for the rebuild.
  engine: { ...engine, startJob: (job) => engine.startJob(job), requestRecalculation: async () => undefined },
  sources: { all: [source], available: () => [source] },
  archiveDir: null,
  mirrorDir: '/nonexistent',
  maxConcurrentScrapes,
  log,
  workflowBundle: { code: await readFile(options.bundlePath, 'utf8') },
});
process.once('SIGTERM', () => void workers.shutdown());
console.log('worker ready');
await workers.run();
await engine.close();
await db.close();
process.exit(0);
