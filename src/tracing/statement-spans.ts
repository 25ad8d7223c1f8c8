import { context, SpanKind, SpanStatusCode, trace, type Span, type Tracer } from '@opentelemetry/api';
import type { Pool, PoolClient } from 'pg';

/** Longer statements are cut: which one it is can be seen by then. */
const MOST_TEXT = 2_000;

type Query = (...args: unknown[]) => unknown;

/**
 * Makes a span of each statement that is sent while something is traced. Its text is there, with `$1` for what was put in.
 * (The instrumentation of the same purpose must be loaded before pg, and so by everybody always.)
 */
export function traceStatements(tracer: Tracer, pool: Pool): void {
  pool.on('connect', (client) => traceClient(tracer, client));
  // A caller that had to wait for a connection is called back by the one who gave it up: it must not become part of that one's trace.
  const connect = pool.connect.bind(pool) as (callback?: unknown) => unknown;
  pool.connect = ((callback?: unknown) =>
    connect(typeof callback === 'function' ? context.bind(context.active(), callback as never) : undefined)) as Pool['connect'];
}

function traceClient(tracer: Tracer, client: PoolClient): void {
  const query = client.query.bind(client) as Query;
  const traced: Query = (...args) => {
    if (trace.getSpan(context.active())?.isRecording() !== true) return query(...args);
    const text = textOf(args[0]);
    const operation = /\w+/.exec(text)?.[0].toUpperCase() ?? 'SQL';
    const attributes = {
      'db.system.name': 'postgresql',
      'db.operation.name': operation,
      'db.query.text': text.replaceAll(/\s+/g, ' ').trim().slice(0, MOST_TEXT),
    };
    const span = tracer.startSpan(operation, { kind: SpanKind.CLIENT, attributes });
    const callback = args.at(-1);
    if (typeof callback === 'function') {
      const ended = (error: unknown, ...rest: unknown[]): void => {
        end(span, error);
        (callback as Query)(error, ...rest);
      };
      return query(...args.slice(0, -1), ended);
    }
    const answer = query(...args);
    if (answer instanceof Promise) {
      answer.then(
        () => end(span, null),
        (error: unknown) => end(span, error),
      );
    } else whenOver(answer, (error) => end(span, error));
    return answer;
  };
  client.query = traced as PoolClient['query'];
}

/** A statement as pg takes it: a text, or something that has one (COPY's streams as well). */
function textOf(statement: unknown): string {
  if (typeof statement === 'string') return statement;
  return typeof statement === 'object' && statement !== null && 'text' in statement && typeof statement.text === 'string'
    ? statement.text
    : '';
}

/** Streams tell by events that they are over, and each in another order. */
function whenOver(stream: unknown, over: (error: unknown) => void): void {
  const emitter = stream as Partial<NodeJS.EventEmitter>;
  if (emitter.once === undefined) {
    over(null);
    return;
  }
  emitter.once('error', over);
  for (const event of ['end', 'finish', 'close']) emitter.once(event, () => over(null));
}

function end(span: Span, error: unknown): void {
  if (error !== null && error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
  // Ending what has ended is logged as a mistake; streams end more than once.
  if (span.isRecording()) span.end();
}
