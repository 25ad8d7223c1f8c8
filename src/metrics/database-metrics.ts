import { Gauge, type Registry } from 'prom-client';

/** The part of a connection pool that is looked at. */
interface WatchedPool {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
  readonly options: { readonly max: number };
}

/** Connections to PostgreSQL. */
export interface DatabaseMetrics {
  /** `name`: who uses it, `api` or `worker`. It is looked at when the metrics are read. */
  watchPool(name: string, pool: WatchedPool): void;
}

export function createDatabaseMetrics(registry: Registry): DatabaseMetrics {
  const pools = new Map<string, WatchedPool>();
  const labelNames = ['pool', 'state'] as const;
  registry.registerMetric(
    new Gauge({
      name: 'laurels_database_pool_connections',
      help: 'Open connections of a pool.',
      labelNames,
      registers: [],
      collect() {
        for (const [pool, { totalCount, idleCount }] of pools) {
          this.set({ pool, state: 'idle' }, idleCount);
          this.set({ pool, state: 'busy' }, totalCount - idleCount);
        }
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'laurels_database_pool_connections_limit',
      help: 'Connections that a pool may open.',
      labelNames: ['pool'],
      registers: [],
      collect() {
        for (const [pool, { options }] of pools) this.set({ pool }, options.max);
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'laurels_database_pool_waiting',
      help: 'Statements that wait for a connection.',
      labelNames: ['pool'],
      registers: [],
      collect() {
        for (const [pool, { waitingCount }] of pools) this.set({ pool }, waitingCount);
      },
    }),
  );
  return { watchPool: (name, pool) => void pools.set(name, pool) };
}
