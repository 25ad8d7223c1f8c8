import { MikroORM } from '@mikro-orm/postgresql';
import { Pool, types, type CustomTypesConfig, type PoolClient } from 'pg';
import { ServiceUnavailable } from '../domain/errors.ts';
import type { Day } from '../domain/window.ts';
import { ormOptions } from './orm-options.ts';

/** The database: `orm` for schema, migrations and single rows, `pool` for the set-based SQL. */
export interface Database {
  readonly orm: MikroORM;
  readonly pool: Pool;
  close(): Promise<void>;
}

/** What a statement can be sent to: the pool, or the client of somebody's transaction. */
export type Queryable = Pick<Pool, 'query'> | Pick<PoolClient, 'query'>;

const INT8 = 20;
const DATE = 1082;
const NUMERIC = 1700;

/** int8 and numeric become numbers (ids, counts and scores are below 2^53), a date stays the text `YYYY-MM-DD`. */
const TYPES: CustomTypesConfig = {
  getTypeParser(oid, format) {
    const code: number = oid;
    if (code === INT8 || code === NUMERIC) return Number;
    if (code === DATE) return String;
    return types.getTypeParser(oid, format);
  },
};

/** No transaction of ours leaves its session waiting this long; what does has lost its process. */
const IDLE_IN_TRANSACTION_MS = 30_000;
/** A host that vanished without a word is noticed at both ends after about 30 s, not after the two hours of the system's default. */
const KEEPALIVE = { idleS: 15, intervalS: 5, count: 3 } as const;
const SESSION_OPTIONS = [
  'timezone=UTC',
  `tcp_keepalives_idle=${KEEPALIVE.idleS}`,
  `tcp_keepalives_interval=${KEEPALIVE.intervalS}`,
  `tcp_keepalives_count=${KEEPALIVE.count}`,
]
  .map((setting) => `-c ${setting}`)
  .join(' ');

/** Where a Database or a Queryable is taken: what statements go to. */
export function queryable(db: Database | Queryable): Queryable {
  return 'pool' in db ? db.pool : db;
}

/**
 * Opens a pool and the ORM. Nothing is connected yet: a database that is away shows with the first statement.
 * A broken idle connection goes to `onError` and never ends the process. Every session runs in UTC.
 */
export async function openDatabase(o: {
  url: string;
  applicationName: string;
  maxConnections?: number;
  /** A statement that is not answered in this time fails, though the connection may look alive. Milliseconds. */
  queryTimeoutMs?: number;
  /** By default 30 s. Only tests set it. */
  idleInTransactionMs?: number;
  onError?: (error: Error) => void;
}): Promise<Database> {
  const onError = o.onError ?? (() => undefined);
  const pool = new Pool({
    connectionString: o.url,
    application_name: o.applicationName,
    max: o.maxConnections ?? 10,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE.idleS * 1_000,
    // A process that stands still in a transaction (stopped, swapped out, its host gone) must not keep its locks from the one that replaces it.
    idle_in_transaction_session_timeout: o.idleInTransactionMs ?? IDLE_IN_TRANSACTION_MS,
    types: TYPES,
    options: SESSION_OPTIONS,
    ...(o.queryTimeoutMs === undefined ? {} : { query_timeout: o.queryTimeoutMs }),
  });
  pool.on('error', onError);
  // A client that is checked out has no handler of the pool's: without one a lost connection would end the process.
  pool.on('connect', (client) => void client.on('error', onError));
  const orm = await MikroORM.init(ormOptions(o.url));
  return {
    orm,
    pool,
    async close() {
      await Promise.all([pool.end(), orm.close(true)]);
    },
  };
}

/**
 * Runs `work` in one transaction on one connection; an error rolls back and is passed on.
 * `statementTimeoutMs`: no statement in it may take longer.
 * @throws ServiceUnavailable when no connection can be made.
 */
export async function inTransaction<T>(
  db: Database,
  work: (client: PoolClient) => Promise<T>,
  o: { statementTimeoutMs?: number } = {},
): Promise<T> {
  const client = await db.pool.connect().catch((error: unknown) => {
    throw new ServiceUnavailable('PostgreSQL', error);
  });
  let broken: Error | undefined;
  try {
    await client.query('BEGIN');
    if (o.statementTimeoutMs !== undefined) await client.query(`SET LOCAL statement_timeout = ${Math.trunc(o.statementTimeoutMs)}`);
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch((rollbackError: Error) => (broken = rollbackError));
    throw error;
  } finally {
    client.release(broken);
  }
}

/** The UTC day of the database's clock: windows are made with it, never with this process's clock. */
export async function databaseToday(db: Queryable | Database): Promise<Day> {
  const { rows } = await queryable(db).query<{ today: Day }>(`SELECT (now() AT TIME ZONE 'UTC')::date AS today`);
  return (rows[0] as { today: Day }).today;
}

/** Whether the database answers. */
export async function isReachable(db: Database): Promise<boolean> {
  try {
    await db.pool.query('SELECT 1');
    return true;
  } catch {
    return false;
  }
}
