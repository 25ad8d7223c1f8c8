import { Gauge, type Registry } from 'prom-client';
import type { Standing } from '../db/standing.ts';

/** As api/engine-watch.ts calls it. */
type EngineStateName = 'ok' | 'unreachable' | 'no_worker';

/** How everything stands, by the database and by Temporal: the same in every API process, which tell it. */
export interface StandingMetrics {
  /** Asked when the metrics are read, at most every five seconds. */
  watchStanding(read: () => Promise<Standing>): void;
  /** Asked when the metrics are read. */
  watchEngine(read: () => EngineStateName): void;
}

const KEPT_MS = 5_000;

export function createStandingMetrics(registry: Registry): StandingMetrics {
  let read: (() => Promise<Standing>) | null = null;
  let known: { readonly at: number; readonly standing: Promise<Standing | null> } | null = null;

  /** Null: the database does not answer. All gauges of a reading share one question. */
  const standing = (): Promise<Standing | null> | null => {
    if (read === null) return null;
    if (known === null || performance.now() - known.at > KEPT_MS) known = { at: performance.now(), standing: read().catch(() => null) };
    return known.standing;
  };
  /** A gauge of what the database says: nothing while it says nothing, rather than what it said long ago. */
  const gauge = <L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    fill: (gauge: Gauge<L>, standing: Standing) => void,
  ): void => {
    registry.registerMetric(
      new Gauge<L>({
        name,
        help,
        labelNames: [...labelNames],
        registers: [],
        async collect() {
          const now = await standing();
          this.reset();
          if (now !== null) fill(this, now);
          // Without labels a gauge that was reset says 0.
          else if (labelNames.length === 0) this.remove();
        },
      }),
    );
  };

  gauge('laurels_jobs', 'Jobs that are kept, by type and status.', ['type', 'status'], (jobs, now) => {
    for (const { type, status, count } of now.jobs) jobs.set({ type, status }, count);
  });
  gauge('laurels_job_queue_oldest_age_seconds', 'How long the oldest queued job waits; 0 when none does.', [], (age, now) =>
    age.set(now.queueAge ?? 0),
  );
  gauge('laurels_repository_oldest_scrape_timestamp_seconds', 'When the repository that waits longest was scraped.', [], (at, now) =>
    now.oldestScrapedAt === null ? at.remove() : at.set(now.oldestScrapedAt.getTime() / 1000),
  );
  gauge('laurels_board_rows', 'People on the global board.', [], (rows, now) => rows.set(now.board?.people ?? 0));
  gauge('laurels_board_updated_timestamp_seconds', 'When the global board was made.', [], (at, now) =>
    now.board === null ? at.remove() : at.set(now.board.asOf.getTime() / 1000),
  );
  registry.registerMetric(
    new Gauge({
      name: 'laurels_database_up',
      help: '1: the database answered when the metrics were read; 0: it did not.',
      registers: [],
      async collect() {
        const now = standing();
        if (now === null) this.remove();
        else this.set((await now) === null ? 0 : 1);
      },
    }),
  );

  let engine: (() => EngineStateName) | null = null;
  const state = (name: string, help: string, isSo: (now: EngineStateName) => boolean): void => {
    registry.registerMetric(
      new Gauge({
        name,
        help,
        registers: [],
        collect() {
          if (engine === null) this.remove();
          else this.set(isSo(engine()) ? 1 : 0);
        },
      }),
    );
  };
  state('laurels_temporal_up', '1: Temporal answers.', (now) => now !== 'unreachable');
  state('laurels_temporal_worker_up', '1: a worker asks Temporal for work.', (now) => now === 'ok');

  return {
    watchStanding(ask) {
      read = ask;
    },
    watchEngine(ask) {
      engine = ask;
    },
  };
}
