import type { WorkflowClientInterceptor } from '@temporalio/client';
import type { Request, RequestHandler } from 'express';
import type { Pool } from 'pg';
import type { WorkerTracing } from '../activities/worker-tracing.ts';
import type { Logger } from '../log/logger.ts';

/** Traces of what a request leads to: the request, the workflow it starts, the workflow's steps, and their statements. */
export interface Tracing {
  /** `routeOf`: the template that names a request's span. */
  requests(routeOf: (request: Request) => string): RequestHandler;
  readonly client: WorkflowClientInterceptor;
  readonly worker: WorkerTracing;
  /** Statements that are sent while something is traced become part of it, without their parameters. */
  statements(pool: Pool): void;
  /** Sends what is left; gives up after some seconds. */
  close(): Promise<void>;
}

/** Where traces go. */
export interface TracingSettings {
  /** Base of a collector that takes OTLP over HTTP. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Begins to trace; null without settings: then nothing of it is loaded. */
export async function startTracing(settings: TracingSettings | null, service: string, log: Logger): Promise<Tracing | null> {
  if (settings === null) return null;
  const { openTracing } = await import('./open-tracing.ts');
  return openTracing(settings, service, log);
}
