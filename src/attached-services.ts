import type { Config } from './config.ts';
import { openDatabase, type Database } from './db/database.ts';
import { newerDatabase, pendingMigrations, unknownMigrations } from './db/migrate.ts';
import { AppError } from './domain/errors.ts';
import { withoutLogFields } from './log/log-context.ts';
import type { Logger } from './log/logger.ts';
import { connectEngine, type Engine } from './temporal/engine.ts';
import { startTracing, type Tracing } from './tracing/tracing.ts';
import { temporalServerOf, type TemporalServer } from './temporal/server-address.ts';

/** A PostgreSQL and a Temporal that others run, as a server or a worker uses them. */
export interface AttachedServices {
  readonly db: Database;
  readonly temporal: TemporalServer;
  readonly engine: Engine;
  /** Null: nothing is traced. */
  readonly tracing: Tracing | null;
  close(): Promise<void>;
}

/** Something a person must change before the process can start: exit code 2. `code` is `server_not_ready` or `worker_not_ready`. */
export class NotReady extends AppError {
  constructor(role: Role, message: string) {
    super(`${role}_not_ready`, 500, message);
  }
}

type Role = 'server' | 'worker';

/**
 * Connects to the services that the configuration names, after seeing that the database has the schema of this code.
 * @throws NotReady when one is not named, or the database has not the migrations of this code. @throws ServiceUnavailable
 */
export async function attachServices(
  { databaseUrl, temporal, tracing: tracingSettings }: Pick<Config, 'databaseUrl' | 'temporal' | 'tracing'>,
  { role, applicationName, queryTimeoutMs, log }: { role: Role; applicationName: string; queryTimeoutMs: number; log: Logger },
): Promise<AttachedServices> {
  if (databaseUrl === null)
    throw new NotReady(role, `DATABASE_URL is not set: a ${role} uses the database of a running Laurels. For all in one: npm start.`);
  if (temporal.address === null)
    throw new NotReady(role, `TEMPORAL_ADDRESS is not set: a ${role} needs a running Temporal (host:port). For all in one: npm start.`);

  const tracing = await startTracing(tracingSettings, applicationName, log);
  const onError = (error: unknown): void => withoutLogFields(() => log.warn({ err: error }, 'database connection lost'));
  const db = await openDatabase({ url: databaseUrl, applicationName, queryTimeoutMs, onError });
  tracing?.statements(db.pool);
  try {
    const pending = await pendingMigrations(db);
    if (pending.length > 0) {
      const lack = `The database lacks ${pending.length} migration(s) (${pending.join(', ')})`;
      throw new NotReady(role, `${lack}: run \`npm run laurels -- migrate\` first.`);
    }
    // Processes that ran before the schema was changed go on: a migration leaves what they use. New ones are of the new version.
    const unknown = await unknownMigrations(db);
    if (unknown.length > 0) throw new NotReady(role, newerDatabase(unknown));
    const server = await temporalServerOf(temporal.address, temporal);
    const engine = connectEngine({ ...server, uiUrl: temporal.uiUrl, interceptors: tracing === null ? [] : [tracing.client] });
    return {
      db,
      temporal: server,
      engine,
      tracing,
      async close() {
        await engine.close();
        await db.close();
        await tracing?.close();
      },
    };
  } catch (error) {
    await db.close();
    await tracing?.close();
    throw error;
  }
}
