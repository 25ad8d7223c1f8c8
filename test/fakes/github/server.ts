/**
 * A GitHub of its own for tests and benchmarks: a real HTTP server that executes GraphQL against the official schema and answers the
 * REST paths a contribution reader uses, over a data set in memory, with GitHub's limits, cursors, ETags, redirects, and its faults on
 * demand. See README.md beside it.
 */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { AppTokens } from './app-tokens.ts';
import type { FakeApp } from './app-tokens.ts';
import { Cursors } from './connections.ts';
import type { DataSet } from './data-set.ts';
import { FaultBook, secondaryAnswer } from './faults.ts';
import type { Answer, Delivery, Fault, FaultScene, Matcher, RecordedRequest } from './faults.ts';
import { GraphqlEndpoint, loadSchema } from './graphql-endpoint.ts';
import type { PreparedQuery } from './graphql-endpoint.ts';
import { viewOf } from './graphql-nodes.ts';
import { Quota, SecondaryLimit } from './quota.ts';
import type { Resource, SecondaryLimits } from './quota.ts';
import { answerRest } from './rest-endpoint.ts';

interface TokenFacts {
  /** Scopes of a classic token; absent: fine-grained, GitHub tells no scopes. */
  readonly scopes?: readonly string[];
  /** May be set while the fake runs. */
  isRevoked?: boolean;
}

export interface FakeGithubOptions {
  readonly dataset: DataSet;
  /** Faults from the start; more by `fake.faults.add`. */
  readonly faults?: readonly (readonly [Matcher, Fault])[];
  /** Time before every answer. */
  readonly latencyMs?: number | ((request: RecordedRequest) => number);
  /** Points (GraphQL) and requests (REST) of each token per window: 5,000 and an hour by default. */
  readonly limits?: { readonly graphql?: number; readonly core?: number; readonly windowMs?: number };
  /** Secondary limits that the fake enforces itself; none by default. */
  readonly secondary?: SecondaryLimits;
  /** The tokens GitHub knows; absent: it takes any. */
  readonly tokens?: Readonly<Record<string, TokenFacts>>;
  readonly app?: FakeApp;
  /** Addresses as a GitHub Enterprise server has them: `/api/v3` and `/api/graphql`. */
  readonly isEnterprise?: boolean;
  /** Keep GraphQL answers until the data changes, so that a benchmark measures its client, not graphql-js. */
  readonly keepAnswers?: boolean;
  /** Send answers compressed to who takes them so, as GitHub does. */
  readonly compress?: boolean;
  /** Whose token it is: `viewer`, `/user`. By default the account with the smallest id. */
  readonly viewerId?: number;
  readonly now?: () => Date;
}

export interface FakeGithub {
  readonly url: string;
  /** For Octokit's `baseUrl` and GITHUB_API_URL. */
  readonly restUrl: string;
  readonly graphqlUrl: string;
  /** May be changed in place (changes.ts) or replaced. */
  dataset: DataSet;
  readonly requests: RecordedRequest[];
  /** Mistakes of the program under test: queries the schema refuses, paths the fake does not have. Must be empty. */
  readonly mistakes: readonly string[];
  /** What was taken from the primary limits so far, over all tokens. */
  readonly points: { readonly graphql: number; readonly core: number };
  /** The most requests that were under way at once. */
  readonly mostAtOnce: number;
  readonly faults: FaultBook;
  readonly quota: Quota;
  readonly cursors: Cursors;
  /** Installation tokens given out. */
  readonly appTokens: AppTokens;
  stop(): Promise<void>;
}

/** Starts a fake on a free port of 127.0.0.1. */
export async function startFakeGithub(options: FakeGithubOptions): Promise<FakeGithub> {
  const server = createServer();
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const fake = new FakeGithubServer(options, url);
  server.on('request', (request, response) => {
    fake.handle(request, response).catch((error: unknown) => {
      // A defect of the fake itself: loud, and an answer no client takes for GitHub's.
      fake.noteDefect(error);
      if (!response.headersSent) response.writeHead(599, { 'content-type': 'text/plain' });
      response.end(String(error));
    });
  });
  const stop = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return Object.assign(fake, { stop });
}

const HOUR_MS = 3_600_000;

class FakeGithubServer {
  readonly url: string;
  readonly restUrl: string;
  readonly graphqlUrl: string;
  readonly requests: RecordedRequest[] = [];
  readonly faults = new FaultBook();
  readonly quota: Quota;
  readonly cursors = new Cursors();
  readonly appTokens: AppTokens;
  readonly points = { graphql: 0, core: 0 };
  dataset: DataSet;
  mostAtOnce = 0;
  #underWay = 0;
  readonly #options: FakeGithubOptions;
  readonly #now: () => Date;
  readonly #secondary: SecondaryLimit;
  readonly #graphql: GraphqlEndpoint;
  readonly #defects: string[] = [];
  readonly #previousBodies = new Map<string, string>();
  readonly #zipped = new Map<string, Buffer>();

  constructor(options: FakeGithubOptions, url: string) {
    this.#options = options;
    this.#now = options.now ?? (() => new Date());
    this.dataset = options.dataset;
    this.url = url;
    this.restUrl = options.isEnterprise === true ? `${url}/api/v3` : url;
    this.graphqlUrl = options.isEnterprise === true ? `${url}/api/graphql` : `${url}/graphql`;
    this.quota = new Quota({
      limits: { graphql: options.limits?.graphql ?? 5000, core: options.limits?.core ?? 5000 },
      windowMs: options.limits?.windowMs ?? HOUR_MS,
      now: this.#now,
    });
    this.#secondary = new SecondaryLimit(options.secondary ?? {}, this.#now);
    this.appTokens = new AppTokens(options.app ?? null, this.#now);
    for (const [matcher, fault] of options.faults ?? []) this.faults.add(matcher, fault);
    this.#graphql = new GraphqlEndpoint({
      schema: loadSchema(),
      view: () => viewOf({ data: this.dataset, cursors: this.cursors, webUrl: url }),
      viewerId: this.#viewerId,
      keepAnswers: options.keepAnswers ?? false,
    });
  }

  get mistakes(): readonly string[] {
    return [...this.requests.flatMap((request) => request.mistakes), ...this.#defects];
  }

  noteDefect(error: unknown): void {
    this.#defects.push(`the fake failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }

  get #viewerId(): number {
    return this.#options.viewerId ?? Math.min(...this.dataset.accounts.keys());
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#underWay += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#underWay);
    response.on('close', () => (this.#underWay -= 1));
    const body = request.method === 'POST' ? await text(request) : '';
    const { record, prepared } = this.#record(request, body);
    const resource: Resource = record.api === 'graphql' ? 'graphql' : 'core';
    const fault = this.faults.meet(record);
    record.fault = fault?.name ?? null;

    const { latencyMs } = this.#options;
    const latency = typeof latencyMs === 'function' ? latencyMs(record) : (latencyMs ?? 0);
    if (latency > 0) await delay(latency);

    const previousKey = `${record.token ?? ''} ${record.operation ?? record.path}`;
    const scene: FaultScene = {
      request: record,
      data: this.dataset,
      now: this.#now(),
      resource,
      rateHeaders: this.quota.headers(record.token, resource),
      previousBody: this.#previousBodies.get(previousKey) ?? null,
      exhaust: (resetAt) => this.quota.exhaust(record.token, resource, resetAt),
      expireCursors: () => {
        this.cursors.expire();
        this.#graphql.forget();
      },
    };
    fault?.before?.(scene);
    let answer = fault?.instead?.(scene) ?? this.#answer(record, prepared, request);
    if (answer.status === 200) this.#previousBodies.set(previousKey, answer.body);
    if (fault?.change !== undefined) answer = { ...answer, body: JSON.stringify(fault.change(JSON.parse(answer.body), scene)) };
    await this.#send(response, record, answer, resource, fault?.delivery ?? null);
  }

  #record(request: IncomingMessage, body: string): { record: RecordedRequest; prepared: PreparedQuery | null } {
    const url = new URL(request.url ?? '/', this.url);
    const isGraphql = url.pathname === new URL(this.graphqlUrl).pathname && request.method === 'POST';
    const authorization = /^(?:bearer|token)\s+(\S+)$/i.exec(request.headers.authorization ?? '');
    let graphql: { query: string; variables: Record<string, unknown>; operationName: string | null } | null = null;
    if (isGraphql) {
      try {
        const parsed = JSON.parse(body) as { query?: string; variables?: Record<string, unknown> | null; operationName?: string | null };
        graphql = { query: parsed.query ?? '', variables: parsed.variables ?? {}, operationName: parsed.operationName ?? null };
      } catch {
        graphql = null;
      }
    }
    const prepared = graphql === null ? null : this.#graphql.prepare(graphql);
    const record: RecordedRequest = {
      index: this.requests.length + 1,
      at: this.#now(),
      api: isGraphql ? 'graphql' : 'rest',
      method: request.method ?? 'GET',
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      token: authorization?.[1] ?? null,
      operation: prepared?.operationName ?? null,
      text: graphql?.query ?? null,
      variables: graphql?.variables ?? {},
      pageSize: isGraphql
        ? (prepared?.cost.largestPage ?? null)
        : url.searchParams.has('per_page')
          ? Number(url.searchParams.get('per_page'))
          : null,
      status: 0,
      cost: 0,
      bytes: 0,
      fault: null,
      mistakes: (prepared?.schemaErrors ?? []).map((error) => `${prepared?.operationName ?? 'query'}: ${error}`),
    };
    this.requests.push(record);
    return { record, prepared };
  }

  #answer(record: RecordedRequest, prepared: PreparedQuery | null, request: IncomingMessage): Answer {
    const refused = this.#refuseToken(record);
    if (refused !== null) return refused;
    return record.api === 'graphql' ? this.#answerGraphql(record, prepared) : this.#answerRest(record, request);
  }

  #refuseToken(record: RecordedRequest): Answer | null {
    const { token } = record;
    if (token === null) return record.api === 'graphql' ? json(401, { message: 'This endpoint requires you to be authenticated.' }) : null;
    const installation = this.appTokens.stateOf(token);
    const isKnown = installation === null ? this.#options.tokens === undefined || token in this.#options.tokens : installation === 'valid';
    const isRevoked = this.#options.tokens?.[token]?.isRevoked === true;
    if ((isKnown && !isRevoked) || this.appTokens.isAppJwt(token)) return null;
    return json(401, { message: 'Bad credentials', documentation_url: 'https://docs.github.com/rest', status: '401' });
  }

  #answerGraphql(record: RecordedRequest, prepared: PreparedQuery | null): Answer {
    if (prepared === null) return json(400, { message: 'Problems parsing JSON' });
    if (this.#secondary.exceeds('graphql', prepared.cost.points, this.#underWay)) return secondaryAnswer(403, 60);
    if (!this.#spend(record, 'graphql', prepared.cost.points)) {
      return json(200, { errors: [{ type: 'RATE_LIMITED', message: 'API rate limit exceeded for user ID 1.' }] });
    }
    return { status: 200, body: prepared.run(this.quota.of(record.token, 'graphql')) };
  }

  #answerRest(record: RecordedRequest, request: IncomingMessage): Answer {
    const base = new URL(this.restUrl).pathname.replace(/\/$/, '');
    const path = record.path.startsWith(base) ? record.path.slice(base.length) : record.path;
    const data = this.dataset;
    if (this.appTokens.isAppJwt(record.token)) {
      const answer = this.appTokens.answer(
        record.method,
        path,
        (owner, name) => data.findRepository(owner, name)?.repository.ownerId ?? null,
      );
      if (answer !== null) return json(answer.status, answer.body);
    }
    if (record.method !== 'GET') {
      (record.mistakes as string[]).push(`${record.method} ${path}: the fake answers GET only`);
      return json(404, { message: 'Not Found' });
    }
    const isFree = path === '/rate_limit';
    if (!isFree && this.#secondary.exceeds('core', 1, this.#underWay)) return secondaryAnswer(403, 60);
    const bucket = this.quota.of(record.token, 'core');
    if (!isFree && bucket.used >= bucket.limit) {
      return json(403, { message: 'API rate limit exceeded for user ID 1.', documentation_url: 'https://docs.github.com/rest' });
    }
    const context = {
      data,
      at: { restUrl: this.restUrl, webUrl: this.url },
      viewerId: this.#viewerId,
      now: this.#now(),
      rateLimit: () => this.#rateLimit(record),
    };
    const found = answerRest(context, path, record.query);
    if (found.isUnknownPath === true) (record.mistakes as string[]).push(`GET ${path}: the fake has no such path`);
    const answer = { ...json(found.status, found.body), headers: found.headers };
    if (found.status === 200 && !isFree) {
      const etag = `W/"${createHash('sha256').update(answer.body).digest('hex')}"`;
      answer.headers['etag'] = etag;
      // Not modified costs nothing, but only with a token.
      if (request.headers['if-none-match'] === etag) {
        if (record.token === null) this.#spend(record, 'core', 1);
        return { status: 304, headers: answer.headers, body: '' };
      }
    }
    if (!isFree) this.#spend(record, 'core', 1);
    return answer;
  }

  #spend(record: RecordedRequest, resource: Resource, points: number): boolean {
    if (!this.quota.spend(record.token, resource, points)) return false;
    record.cost = points;
    this.points[resource] += points;
    return true;
  }

  #rateLimit(record: RecordedRequest): Record<string, unknown> {
    const shown = (resource: Resource): Record<string, unknown> => {
      const { limit, used, resetAt } = this.quota.of(record.token, resource);
      return { limit, used, remaining: limit - used, reset: resetAt / 1000, resource };
    };
    const search = { limit: 30, used: 0, remaining: 30, reset: Math.ceil(this.#now().getTime() / 1000) + 60, resource: 'search' };
    return { resources: { core: shown('core'), search, graphql: shown('graphql') }, rate: shown('core') };
  }

  /** A kept answer is compressed once. */
  #compressed(body: string): Buffer {
    const known = this.#zipped.get(body);
    if (known !== undefined) return known;
    const zipped = gzipSync(body);
    if (this.#options.keepAnswers === true) this.#zipped.set(body, zipped);
    return zipped;
  }

  async #send(
    response: ServerResponse,
    record: RecordedRequest,
    answer: Answer,
    resource: Resource,
    delivery: Delivery | null,
  ): Promise<void> {
    const bytes = Buffer.from(answer.body);
    const scopes = record.token === null ? undefined : this.#options.tokens?.[record.token]?.scopes;
    const headers: Record<string, string> = {
      date: this.#now().toUTCString(),
      server: 'github.com',
      'x-github-request-id': `FAKE:${record.index}`,
      'content-type': 'application/json; charset=utf-8',
      ...this.quota.headers(record.token, resource),
      ...(scopes === undefined ? {} : { 'x-oauth-scopes': scopes.join(', ') }),
      ...answer.headers,
    };
    if (delivery?.how === 'reset') {
      response.destroy();
      return;
    }
    if (delivery?.how === 'hang' && !delivery.afterHeaders) return;
    record.status = answer.status;
    if (answer.status === 304) {
      response.writeHead(304, headers).end();
      return;
    }
    const compressed = delivery === null && this.#options.compress === true && /\bgzip\b/.test(String(record.headers['accept-encoding']));
    if (compressed) {
      const zipped = this.#compressed(answer.body);
      record.bytes = zipped.length;
      response.writeHead(answer.status, { ...headers, 'content-encoding': 'gzip', 'content-length': String(zipped.length) }).end(zipped);
      return;
    }
    const sent =
      delivery?.how === 'truncated' || delivery?.how === 'cut' ? bytes.subarray(0, Math.floor(bytes.length * delivery.share)) : bytes;
    record.bytes = sent.length;
    response.writeHead(answer.status, { ...headers, 'content-length': String(delivery?.how === 'truncated' ? sent.length : bytes.length) });
    switch (delivery?.how) {
      case 'hang':
        response.flushHeaders();
        return;
      case 'cut':
        // Once the part is on its way the connection goes.
        response.write(sent, () => response.destroy());
        return;
      case 'slow':
        for (let at = 0; at < sent.length && !response.destroyed; at += 1) {
          response.write(sent.subarray(at, at + 1));
          await delay(1000 / delivery.bytesPerSecond, undefined, { ref: false });
        }
        response.end();
        return;
      default:
        response.end(sent);
    }
  }
}

function json(status: number, body: unknown): { status: number; headers: Record<string, string>; body: string } {
  return { status, headers: {}, body: JSON.stringify(body) };
}
