import { collectDefaultMetrics, Registry } from 'prom-client';
import { createApiMetrics, type ApiMetrics } from './api-metrics.ts';
import { createDatabaseMetrics, type DatabaseMetrics } from './database-metrics.ts';
import { createJobMetrics, type JobMetrics } from './job-metrics.ts';
import { createLogStreamMetrics, type LogStreamMetrics } from './log-stream-metrics.ts';
import { createSourceMetrics, type SourceMetrics } from './source-metrics.ts';
import { createStandingMetrics, type StandingMetrics } from './standing-metrics.ts';
import { createStoreMetrics, type StoreMetrics } from './store-metrics.ts';
import { createTemporalMetrics, type TemporalMetrics } from './temporal-metrics.ts';

/**
 * What a process counts. Labels have few values: no logins, no repositories, no ids. docs/observability.md has a line for each
 * metric, and a test holds the two together.
 */
export interface Metrics {
  readonly api: ApiMetrics;
  readonly logStream: LogStreamMetrics;
  readonly jobs: JobMetrics;
  readonly sources: SourceMetrics;
  readonly store: StoreMetrics;
  readonly database: DatabaseMetrics;
  readonly standing: StandingMetrics;
  readonly temporal: TemporalMetrics;
  /** All of it, as Prometheus reads it. */
  exposition(): Promise<{ readonly contentType: string; readonly text: string }>;
}

/** Makes the metrics of a process; `ofProcess`: with those of Node and the operating system, which cost a little all the time. */
export function createMetrics({ ofProcess }: { readonly ofProcess: boolean }): Metrics {
  const registry = new Registry();
  if (ofProcess) collectDefaultMetrics({ register: registry });
  const temporal = createTemporalMetrics(registry);
  return {
    api: createApiMetrics(registry),
    logStream: createLogStreamMetrics(registry),
    jobs: createJobMetrics(registry),
    sources: createSourceMetrics(registry),
    store: createStoreMetrics(registry),
    database: createDatabaseMetrics(registry),
    standing: createStandingMetrics(registry),
    temporal,
    async exposition() {
      temporal.takeUpdates();
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}
