import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { openDatabase, type Database } from '../../src/db/database.ts';
import { migrate } from '../../src/db/migrate.ts';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/embedded/postgres.ts';

/** A migrated database that nothing was stored in before. */
interface BenchDatabase {
  readonly db: Database;
  readonly url: string;
  drop(): Promise<void>;
}

/** A PostgreSQL of its own, with the settings Laurels gives its embedded one, durable. */
export interface BenchServer {
  freshDatabase(): Promise<BenchDatabase>;
  /** Ends the server and removes its files. */
  stop(): Promise<void>;
}

const TEMPLATE = 'bench_template';
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Starts the server in a temporary directory, which goes with it however this process ends (but for kill -9). */
export async function startBenchServer(): Promise<BenchServer> {
  const directory = mkdtempSync(join(tmpdir(), `laurels-bench-${process.pid}-`));
  const dataDir = join(directory, 'data');
  mkdirSync(dataDir);
  // PostgreSQL's account passes through.
  for (const path of [directory, dataDir]) chmodSync(path, 0o711);

  let postgres: EmbeddedPostgres | undefined;
  const remove = (): void => {
    try {
      if (postgres !== undefined) process.kill(postgres.pid(), 'SIGKILL');
    } catch {
      // It had ended already.
    }
    rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
  };
  const leave = (): never => process.exit(130);
  process.on('exit', remove);
  for (const signal of SIGNALS) process.on(signal, leave);
  const forget = (): void => {
    process.removeListener('exit', remove);
    for (const signal of SIGNALS) process.removeListener(signal, leave);
  };

  try {
    postgres = await startEmbeddedPostgres({
      dataDir,
      database: 'postgres',
      say: (line) => void process.stderr.write(`bench: ${line}\n`),
      preferredPort: 0,
    });
    const server = postgres;
    const urlOf = (name: string): string => Object.assign(new URL(server.url), { pathname: `/${name}` }).href;
    await onServer(server.url, `CREATE DATABASE ${TEMPLATE}`);
    const template = await openDatabase({ url: urlOf(TEMPLATE), applicationName: 'laurels-bench' });
    try {
      await migrate(template);
    } finally {
      await template.close();
    }
    let made = 0;
    return {
      async freshDatabase() {
        made += 1;
        const name = `bench_${made}`;
        await onServer(server.url, `CREATE DATABASE ${name} TEMPLATE ${TEMPLATE}`);
        const db = await openDatabase({ url: urlOf(name), applicationName: 'laurels-bench' });
        return {
          db,
          url: urlOf(name),
          async drop() {
            await db.close();
            await onServer(server.url, `DROP DATABASE ${name} WITH (FORCE)`);
          },
        };
      },
      async stop() {
        await server.stop();
        remove();
        forget();
      },
    };
  } catch (error) {
    await postgres?.stop();
    remove();
    forget();
    throw error;
  }
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
