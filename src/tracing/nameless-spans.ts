import type { Attributes, AttributeValue } from '@opentelemetry/api';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';
import { jobIdIn } from '../workflows/contract.ts';

/** What a span may say: templates, kinds, ids and counts. Temporal's own interceptors add workflow ids, which name repositories. */
const ALLOWED: ReadonlySet<string> = new Set([
  'http.request.method',
  'http.route',
  'http.response.status_code',
  'laurels.request_id',
  'db.system.name',
  'db.operation.name',
  'db.query.text',
  'run_id',
  'workflowType',
  'taskQueue',
  'attempt',
  'exception.type',
]);
/** Temporal's names for the id of a workflow, in spans of activities and of workflows. */
const WORKFLOW_ID = ['temporalWorkflowId', 'workflowId'] as const;

/** Sends spans on without what names anybody: known attributes only, of errors the kind and not the words, of a workflow its job. */
export class NamelessSpans implements SpanExporter {
  readonly #exporter: SpanExporter;

  constructor(exporter: SpanExporter) {
    this.#exporter = exporter;
  }

  export(...[spans, done]: Parameters<SpanExporter['export']>): void {
    this.#exporter.export(spans.map(nameless), done);
  }

  async shutdown(): Promise<void> {
    await this.#exporter.shutdown();
  }

  async forceFlush(): Promise<void> {
    await this.#exporter.forceFlush?.();
  }
}

function nameless(span: ReadableSpan): ReadableSpan {
  const clean = Object.assign(Object.create(Object.getPrototypeOf(span) as object) as ReadableSpan, span);
  return Object.assign(clean, {
    attributes: known(span.attributes),
    events: span.events.map((event) => ({ ...event, attributes: known(event.attributes ?? {}) })),
    status: { code: span.status.code },
  });
}

function known(attributes: Attributes): Attributes {
  const kept: [string, AttributeValue | undefined][] = Object.entries(attributes).filter(([name]) => ALLOWED.has(name));
  const jobId = WORKFLOW_ID.map((name) => jobIdIn(String(attributes[name] ?? ''))).find((id) => id !== null);
  return Object.fromEntries(jobId === undefined ? kept : [...kept, ['laurels.job_id', jobId]]);
}
