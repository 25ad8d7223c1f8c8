import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { pino } from 'pino';
import { startApi } from '../../src/api/api-server.ts';
import { CONTRACT, type Contract, type EndpointName } from '../../src/api/contract.ts';
import type { Endpoint, Sent } from '../../src/api/contract/endpoint.ts';
import type { ApiDeps, ApiEngine } from '../../src/api/deps.ts';
import { problem } from '../../src/api/contract/problems.ts';
import type { GateOptions } from '../../src/api/gate.ts';
import { problemsOf } from '../../src/api/openapi/endpoint-problems.ts';
import type { Database } from '../../src/db/database.ts';
import { ServiceUnavailable } from '../../src/domain/errors.ts';
import type { ContributionSource, Estimate } from '../../src/sources/contribution-source.ts';
import type { RepositoryLookup } from '../../src/sources/github/repository-facts.ts';
import { createMetrics } from '../../src/metrics/metrics.ts';
import type { LiveStatus } from '../../src/temporal/engine.ts';
import { createTestDatabase } from '../stack/database.ts';

/** Temporal as the API sees it; it remembers what it was asked. */
interface FakeEngine extends ApiEngine {
  readonly started: string[];
  readonly cancelled: string[];
  recalculations: number;
  isAway: boolean;
  live: LiveStatus | null;
  /** When a worker last asked for work. */
  workersSeen: Date | null;
  /** What a cancel of an unfinished workflow finds. */
  cancelAnswer: 'requested' | 'unknown';
}

function createFakeEngine(): FakeEngine {
  const refuseWhenAway = (engine: FakeEngine): void => {
    if (engine.isAway) throw new ServiceUnavailable('Temporal');
  };
  return {
    started: [],
    cancelled: [],
    recalculations: 0,
    isAway: false,
    live: null,
    workersSeen: new Date(),
    cancelAnswer: 'requested',
    async startJob({ id }) {
      refuseWhenAway(this);
      this.started.push(id);
    },
    async cancelJob({ workflowId }) {
      refuseWhenAway(this);
      this.cancelled.push(workflowId);
      return this.cancelAnswer;
    },
    async liveStatus() {
      return this.isAway ? null : this.live;
    },
    async requestRecalculation() {
      refuseWhenAway(this);
      this.recalculations += 1;
    },
    async isReachable() {
      return !this.isAway;
    },
    async workersSeenAt() {
      return this.workersSeen;
    },
    workflowUrl: (workflowId) => `/temporal/workflows/${workflowId}`,
  };
}

export const OPT_OUT_KEY = Buffer.from('a key that only tests know');

/** A source that plans one slice and reads nothing. */
export function planningSource(name: ContributionSource['name'], estimate: Estimate | null = null): ContributionSource {
  return {
    name,
    plan: async ({ window }) => ({
      slices: [{ source: name, slice: 'mirror' }],
      githubId: null,
      total: 17,
      unit: 'contributions',
      note: `reads ${window.since} to ${window.until}`,
      estimate,
    }),
    // oxlint-disable-next-line require-yield -- there is nothing
    async *read() {
      throw new Error('the API never reads');
    },
  };
}

// oxlint-disable-next-line typescript/no-explicit-any -- tests look into bodies freely; the contract has checked them
type Json = any;

interface Answer<Body = unknown> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
  readonly text: string;
}

/** The API with a database of its own, on a free port. */
export interface TestApi {
  readonly url: string;
  readonly port: number;
  readonly db: Database;
  readonly databaseUrl: string;
  readonly engine: FakeEngine;
  /** What GitHub says; set by tests. */
  lookup: RepositoryLookup;
  /** ALLOW_PRIVATE. */
  allowPrivate: boolean;
  sources: readonly ContributionSource[];
  /** The lines that were logged. */
  readonly logged: Record<string, unknown>[];
  /** Calls an endpoint by name; an answer that the contract does not describe fails the test. */
  call<Name extends EndpointName>(
    name: Name,
    sent?: Partial<Sent<Contract[Name]>> & { headers?: Record<string, string> },
  ): Promise<Answer<Json>>;
  /** Sends anything. */
  send(method: string, path: string, init?: { headers?: Record<string, string>; body?: string }): Promise<Answer<Json>>;
  stop(): Promise<void>;
}

/** Holds an answer against the contract: a described status with a fitting body, or a problem. */
function conform(name: EndpointName, { status, headers, body }: Answer): void {
  const { answers } = CONTRACT[name] as Endpoint;
  const described = answers[status];
  // What can be read can be unchanged.
  if (status === 304 && CONTRACT[name].method === 'get') return;
  if (described === undefined) {
    if (status < 400 || headers.get('content-type') !== 'application/problem+json; charset=utf-8') {
      throw new Error(`${name} answered ${status} (${headers.get('content-type')}), which the contract does not describe`);
    }
    const { code } = problem.parse(body);
    if (!problemsOf(CONTRACT[name]).some((known) => known.status === status && known.code === code)) {
      throw new Error(`${name} answered ${status} ${code}: list it in the endpoint's problems (and in contract/problems.ts)`);
    }
    return;
  }
  if (headers.get('content-type')?.startsWith('text/csv') === true) return;
  if (described.body !== undefined) described.body.parse(body);
}

/** Open to this machine only, without a limit. */
export const LOCAL: GateOptions = {
  isExposed: false,
  publicReads: false,
  allowedHosts: ['laurels.example', 'other.example:8443'],
  trustedProxies: [],
  requestsPerMinute: 600,
};

/** @param overrides `gate`: what of it is other than open to this machine only. */
export async function startTestApi({
  gate = {},
  ...overrides
}: Partial<Omit<ApiDeps, 'gate'>> & { readonly gate?: Partial<GateOptions> } = {}): Promise<TestApi> {
  const database = await createTestDatabase();
  const { db } = database;
  const engine = createFakeEngine();
  const logged: Record<string, unknown>[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void logged.push(JSON.parse(line) as Record<string, unknown>) });
  const state = {
    lookup: { state: 'unreachable', reason: 'no token is configured' } as RepositoryLookup,
    allowPrivate: false,
    sources: [planningSource('gharchive')] as readonly ContributionSource[],
  };
  const deps: ApiDeps = {
    db,
    engine,
    log,
    metrics: createMetrics({ ofProcess: false }),
    instance: 'test-instance',
    availableSources: () => state.sources,
    preferredSources: () => state.sources,
    bigquery: { isConfigured: true, monthlyBytes: 10_000_000_000_000, pricePerTib: 6.25 },
    lookUpRepository: async () => state.lookup,
    get allowPrivate() {
      return state.allowPrivate;
    },
    gate: { ...LOCAL, ...gate },
    fetchAvatar: async () => ({ state: 'unreachable', reason: 'tests fetch nothing' }),
    githubWebUrl: 'https://github.com',
    temporalUiUrl: null,
    maxConcurrentScrapes: 4,
    optOutKey: OPT_OUT_KEY,
    canEnrich: true,
    ...overrides,
  };
  const server = await startApi(deps, { host: '127.0.0.1', port: 0 });

  const send: TestApi['send'] = async (method, path, init = {}) => {
    const response = await fetch(`${server.url}${path}`, { method, redirect: 'manual', ...init });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '') && text !== '';
    return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : null };
  };
  return Object.assign(state, {
    url: server.url,
    port: server.port,
    db,
    databaseUrl: database.url,
    engine,
    logged,
    send,
    async call(name: EndpointName, sent: Partial<Sent<Endpoint>> & { headers?: Record<string, string> } = {}) {
      const endpoint: Endpoint = CONTRACT[name];
      const params = (sent.params ?? {}) as Record<string, string>;
      const path = endpoint.path.replaceAll(/\{(\w+)\}/g, (_, param: string) => encodeURIComponent(params[param] ?? ''));
      const query = new URLSearchParams((sent.query ?? {}) as Record<string, string>).toString();
      const body = sent.body === undefined ? {} : { body: JSON.stringify(sent.body) };
      const headers = { ...(sent.body === undefined ? {} : { 'content-type': 'application/json' }), ...sent.headers };
      const answer = await send(endpoint.method.toUpperCase(), `${path}${query === '' ? '' : `?${query}`}`, { headers, ...body });
      conform(name, answer);
      return answer;
    },
    async stop() {
      await server.stop();
      await database.drop();
    },
  }) as unknown as TestApi;
}

/** A request with headers that fetch would not send: Host above all. */
export async function sendWithHeaders(
  port: number,
  path: string,
  headers: Record<string, string>,
  method = 'GET',
): Promise<{ status: number; text: string; headers: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text, headers: response.headers }));
    });
    request.on('error', reject);
    request.end();
  });
}

/** Sends bytes as they are and gives all that comes back. */
export async function raw(port: number, text: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.setEncoding('utf8').on('data', (part: string) => (answer += part));
    socket.on('close', () => resolve(answer)).on('error', reject);
  });
}

/** Adds a repository; gives its path parameters. */
export async function addedRepository(api: TestApi, owner: string, name: string): Promise<{ owner: string; name: string }> {
  const { status } = await api.call('addRepository', { body: { owner, name } });
  if (status !== 201) throw new Error(`the repository was not added: ${status}`);
  return { owner, name };
}

/** Waits for a condition, asking again and again. */
export async function eventually<T>(ask: () => T | Promise<T>, isSo: (value: T) => boolean, withinMs = 5_000): Promise<T> {
  const last = Date.now() + withinMs;
  for (;;) {
    const value = await ask();
    if (isSo(value)) return value;
    if (Date.now() > last) throw new Error(`it did not become so within ${withinMs} ms; last: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
