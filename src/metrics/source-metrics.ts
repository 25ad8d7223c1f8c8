import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** What is asked of sources, and what they answer. Sources know it by the part they use (src/sources/source-meter.ts). */
export interface SourceMetrics {
  /** `outcome`: `ok`, or why not. */
  request(source: string, outcome: string, seconds: number): void;
  /** `credential` by its place or installation, never by its value. */
  pointsLeft(source: string, left: { readonly credential: string; readonly resource: string; readonly points: number }): void;
  waited(source: string, seconds: number): void;
  /** A batch of contributions was read. */
  page(source: string, contributions: number): void;
  /** Null: the source did not say. */
  queried(bytes: { readonly read: number | null; readonly billed: number | null }): void;
}

const SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60];

export function createSourceMetrics(registry: Registry): SourceMetrics {
  const registers = [registry];
  const requests = new Counter({
    name: 'laurels_source_requests_total',
    help: 'Requests to sources, by outcome.',
    labelNames: ['source', 'outcome'],
    registers,
  });
  const duration = new Histogram({
    name: 'laurels_source_request_duration_seconds',
    help: 'How long a source took to answer.',
    labelNames: ['source'],
    buckets: SECONDS,
    registers,
  });
  const points = new Gauge({
    name: 'laurels_source_points_left',
    help: 'What the last answer said is left of a rate limit.',
    labelNames: ['source', 'credential', 'resource'],
    registers,
  });
  const waits = new Counter({
    name: 'laurels_source_waits_total',
    help: 'Pauses that a source asked for.',
    labelNames: ['source'],
    registers,
  });
  const waited = new Counter({
    name: 'laurels_source_wait_seconds_total',
    help: 'Seconds of the pauses that a source asked for.',
    labelNames: ['source'],
    registers,
  });
  const pages = new Counter({
    name: 'laurels_source_pages_read_total',
    help: 'Pages of contributions read.',
    labelNames: ['source'],
    registers,
  });
  const contributions = new Counter({
    name: 'laurels_source_contributions_read_total',
    help: 'Contributions read, those that were known already included.',
    labelNames: ['source'],
    registers,
  });
  const read = new Counter({ name: 'laurels_bigquery_read_bytes_total', help: 'Bytes that finished queries have read.', registers });
  const billed = new Counter({ name: 'laurels_bigquery_billed_bytes_total', help: 'Bytes that BigQuery has billed.', registers });
  return {
    request(source, outcome, seconds) {
      requests.inc({ source, outcome });
      duration.observe({ source }, seconds);
    },
    pointsLeft: (source, left) => points.set({ source, credential: left.credential, resource: left.resource }, left.points),
    waited(source, seconds) {
      waits.inc({ source });
      waited.inc({ source }, seconds);
    },
    page(source, rows) {
      pages.inc({ source });
      contributions.inc({ source }, rows);
    },
    queried(bytes) {
      read.inc(bytes.read ?? 0);
      billed.inc(bytes.billed ?? 0);
    },
  };
}
