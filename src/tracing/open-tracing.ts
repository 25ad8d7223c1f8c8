import { createRequire } from 'node:module';
import { context, diag, DiagLogLevel, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { Resource } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import {
  makeWorkflowExporter,
  OpenTelemetryActivityInboundInterceptor,
  OpenTelemetryWorkflowClientInterceptor,
} from '@temporalio/interceptors-opentelemetry';
import { withLogFields } from '../log/log-context.ts';
import type { Logger } from '../log/logger.ts';
import { NamelessSpans } from './nameless-spans.ts';
import { requestSpans } from './request-spans.ts';
import { traceStatements } from './statement-spans.ts';
import type { Tracing, TracingSettings } from './tracing.ts';

/** A collector that is away must neither keep memory nor hold up the end of the process. */
const EXPORT_TIMEOUT_MS = 5_000;
const CLOSE_MS = 3_000;
const SEND_EVERY_MS = 1_000;

/** Loads OpenTelemetry and begins to send. Once a process: its context is global. */
export function openTracing({ endpoint, headers }: TracingSettings, service: string, log: Logger): Tracing {
  // What OpenTelemetry has to say (a collector that does not answer) is said in our log.
  const say = (level: 'warn' | 'error') => (message: string) => log[level]({ component: 'opentelemetry' }, message.slice(0, 500));
  const quiet = (): void => undefined;
  diag.setLogger({ error: say('error'), warn: say('warn'), info: quiet, debug: quiet, verbose: quiet }, DiagLogLevel.WARN);

  const resource = new Resource({ 'service.name': service });
  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`;
  const exporter = new NamelessSpans(new OTLPTraceExporter({ url, headers: { ...headers }, timeoutMillis: EXPORT_TIMEOUT_MS }));
  const processor = new BatchSpanProcessor(exporter, { scheduledDelayMillis: SEND_EVERY_MS, exportTimeoutMillis: EXPORT_TIMEOUT_MS });
  const provider = new BasicTracerProvider({ resource, spanProcessors: [processor] });
  provider.register({ contextManager: new AsyncLocalStorageContextManager().enable(), propagator: new W3CTraceContextPropagator() });
  const tracer = provider.getTracer('laurels');

  const client = new OpenTelemetryWorkflowClientInterceptor({ tracer });
  return {
    requests: (routeOf) => requestSpans(tracer, routeOf),
    // Only what starts work: the reconciler describes workflows every few seconds, which is no part of anybody's request.
    client: {
      start: client.start.bind(client),
      startWithDetails: client.startWithDetails.bind(client),
      signalWithStart: client.signalWithStart.bind(client),
      cancel: client.cancel.bind(client),
    },
    worker: {
      activityInterceptors: [
        (here) => ({ inbound: new OpenTelemetryActivityInboundInterceptor(here, { tracer }) }),
        () => ({
          inbound: {
            execute: (input, next) =>
              withLogFields({ trace_id: trace.getSpan(context.active())?.spanContext().traceId }, () => next(input)),
          },
        }),
      ],
      sinks: { exporter: makeWorkflowExporter(processor, resource) },
      workflowModules: [createRequire(import.meta.url).resolve('@temporalio/interceptors-opentelemetry/lib/workflow-interceptors')],
    },
    statements: (pool) => traceStatements(tracer, pool),
    async close() {
      await Promise.race([provider.shutdown().catch(quiet), new Promise((resolve) => setTimeout(resolve, CLOSE_MS).unref())]);
    },
  };
}
