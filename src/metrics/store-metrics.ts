import { Counter, Histogram, type Registry } from 'prom-client';

/** The sink, and the boards that are derived from it. */
export interface StoreMetrics {
  staged(source: string, rows: number): void;
  /** `contributions`: the rows that the repository has since then. */
  published(o: { readonly contributions: number; readonly seconds: number }): void;
  rebuilt(seconds: number): void;
}

const SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300];

export function createStoreMetrics(registry: Registry): StoreMetrics {
  const registers = [registry];
  const staged = new Counter({
    name: 'laurels_sink_rows_staged_total',
    help: 'Rows put into the stage: contributions and pull requests.',
    labelNames: ['source'],
    registers,
  });
  const published = new Counter({
    name: 'laurels_sink_rows_published_total',
    help: 'Contributions of scrapes that were published.',
    registers,
  });
  const publishing = new Histogram({
    name: 'laurels_publish_duration_seconds',
    help: 'How long it took to publish a scrape.',
    buckets: SECONDS,
    registers,
  });
  const rebuilding = new Histogram({
    name: 'laurels_board_rebuild_duration_seconds',
    help: 'How long it took to rebuild the global board.',
    buckets: SECONDS,
    registers,
  });
  return {
    staged: (source, rows) => staged.inc({ source }, rows),
    published({ contributions, seconds }) {
      published.inc(contributions);
      publishing.observe(seconds);
    },
    rebuilt: (seconds) => rebuilding.observe(seconds),
  };
}
