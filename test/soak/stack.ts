import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { openDatabase, type Database } from '../../src/db/database.ts';
import { migrate } from '../../src/db/migrate.ts';
import { findFreePorts } from '../../src/embedded/free-port.ts';
import { startEmbeddedPostgres } from '../../src/embedded/postgres.ts';
import { findTemporal } from '../../src/embedded/temporal-binary.ts';
import { startEmbeddedTemporal } from '../../src/embedded/temporal.ts';
import { connectEngine, type Engine } from '../../src/temporal/engine.ts';
import { keepProcess, type KeptProcess } from './processes.ts';

/** A whole Laurels of processes: PostgreSQL, Temporal, one API, two workers. */
export interface ProcessStack {
  readonly url: string;
  readonly port: number;
  readonly db: Database;
  readonly engine: Engine;
  /** By role: `server`, `worker a`, `worker b`. */
  readonly processes: Readonly<Record<string, KeptProcess>>;
  /** Started again by their supervisors when they end, as those of `npm start` are. */
  readonly servers: Readonly<Record<'PostgreSQL' | 'Temporal', { pid(): number }>>;
}

const SOURCE = join(import.meta.dirname, '../../src');

/** Starts it in a directory; what has to be ended goes to `onEnd`, as it is started. Resolves when the API answers. */
export async function startProcesses(o: {
  readonly directory: string;
  readonly dataDir: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly say: (line: string) => void;
  readonly onEnd: (end: () => Promise<unknown>) => void;
}): Promise<ProcessStack> {
  const { dataDir, say, onEnd } = o;
  const binary = await findTemporal({ given: process.env['TEMPORAL_CLI'] ?? null, say });
  const postgres = await startEmbeddedPostgres({ dataDir, database: 'laurels', say, preferredPort: 0 });
  onEnd(() => postgres.stop());
  const temporal = await startEmbeddedTemporal({ dataDir, binary: binary.path, webUi: false, say, preferredPort: 0 });
  onEnd(() => temporal.stop());
  const db = await openDatabase({ url: postgres.url, applicationName: 'laurels-soak', maxConnections: 3 });
  onEnd(() => db.close());
  await migrate(db);
  const engine = connectEngine({ address: temporal.address, namespace: 'default', uiUrl: null });
  onEnd(() => engine.close());
  const [port = 0] = await findFreePorts([0]);
  const environment = {
    DATABASE_URL: postgres.url,
    TEMPORAL_ADDRESS: temporal.address,
    DATA_DIR: dataDir,
    PORT: String(port),
    OPT_OUT_KEY: 'a key that only this stack knows, and long enough',
    ...o.environment,
  };
  const scripts = { server: 'server.ts', 'worker a': 'worker.ts', 'worker b': 'worker.ts' };
  const processes = Object.fromEntries(
    Object.entries(scripts).map(([role, script]) => {
      const kept = keepProcess({ role, script: join(SOURCE, script), environment, logDir: o.directory });
      onEnd(() => kept.stop());
      return [role, kept];
    }),
  );
  const url = `http://127.0.0.1:${port}`;
  const isUp = async (): Promise<boolean> => (await fetch(`${url}/healthz`).catch(() => null))?.ok === true;
  while (!(await isUp())) await delay(200);
  return { url, port, db, engine, processes, servers: { PostgreSQL: postgres, Temporal: temporal } };
}
