import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** What Temporal's SDK tells about itself: an update of one of its metrics. */
interface SdkUpdate {
  readonly metric: { readonly name: string; readonly kind: string; readonly unit?: string; readonly description?: string };
  /** Of a counter what is added, of others the value itself. */
  readonly value: number;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** The SDK's updates since the last time; `MetricsBuffer` of @temporalio/worker. */
interface SdkUpdates {
  retrieveUpdates(): Iterable<SdkUpdate>;
}

/** The metrics of Temporal's worker, which its native half keeps. */
export interface TemporalMetrics {
  /** Where they come from; in a process without workers nothing does. */
  follow(updates: SdkUpdates): void;
  /** Takes over what has happened; to be called often, as the SDK keeps a limited number. */
  takeUpdates(): void;
}

/** Those of the SDK's attributes that have few values; the others (ids of processes, the namespace) are left out. */
const LABELS = ['task_queue', 'workflow_type', 'activity_type', 'worker_type', 'poller_type', 'operation', 'failure_reason'] as const;
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60, 600, 3_600];

type Taker = (labels: Readonly<Record<string, string>>, value: number) => void;

/** Their names are the SDK's, `temporal_…`, with the endings that Prometheus asks for. */
export function createTemporalMetrics(registry: Registry): TemporalMetrics {
  const takers = new Map<string, Taker>();
  let source: SdkUpdates | null = null;

  const takerOf = ({ name: given, kind, unit, description = '' }: SdkUpdate['metric']): Taker => {
    const known = takers.get(`${kind} ${given}`);
    if (known !== undefined) return known;
    const common = { help: description === '' ? `${given} of Temporal's SDK.` : description, labelNames: LABELS, registers: [registry] };
    const name = given.startsWith('temporal_') ? given : `temporal_${given}`;
    let taker: Taker;
    if (kind === 'counter') {
      const counter = new Counter({ ...common, name: `${name}_total` });
      taker = (labels, value) => counter.inc(labels, value);
    } else if (kind === 'histogram') {
      const histogram = new Histogram({
        ...common,
        name: unit === 's' || unit === 'duration' ? `${name}_seconds` : name,
        buckets: SECONDS,
      });
      taker = (labels, value) => histogram.observe(labels, value);
    } else {
      const gauge = new Gauge({ ...common, name });
      taker = (labels, value) => gauge.set(labels, value);
    }
    takers.set(`${kind} ${given}`, taker);
    return taker;
  };

  return {
    follow(updates) {
      source = updates;
    },
    takeUpdates() {
      for (const { metric, value, attributes } of source?.retrieveUpdates() ?? []) {
        const labels = LABELS.flatMap((label): [string, string][] => {
          const of = attributes[label];
          return typeof of === 'string' ? [[label, of]] : [];
        });
        takerOf(metric)(Object.fromEntries(labels), value);
      }
    },
  };
}
