/**
 * A BigQuery of its own for tests: bqemulator runs the SQL over GH Archive's tables; in front of it, what the emulator leaves out: job ids
 * that can't be used twice, bytes and their cap, a bill, jobs that run and are cancelled, pages, and faults on demand. See README.md beside it.
 */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { ARCHIVE, Archive, type ArchiveOptions, type Events } from './archive.ts';
import { startEmulator, type Emulator, type EmulatorAnswer } from './emulator.ts';
import { FaultBook, STOPPED, type Fault, type JobEnd, type Problem, type RecordedRequest } from './faults.ts';
import { billOf, errorBody, Job, statusOf, type FakeJob, type QueryConfiguration } from './jobs.ts';
import { readRequest } from './requests.ts';
import { inMessages, tablesRead, type TableReference } from './named-tables.ts';

type Fields = Readonly<Record<string, unknown>>;

export interface FakeBigQueryOptions extends ArchiveOptions {
  /** What reading a table takes: `day.20150101`, or `dataset.table` of the project's own. By default what was loaded into it; own ones 1 MiB. */
  readonly bytesOf?: number | ((table: string) => number);
}

export interface FakeBigQuery {
  /** For the client's `apiEndpoint`. */
  readonly url: string;
  /** The project that pays. */
  readonly project: string;
  readonly requests: readonly RecordedRequest[];
  /** Every query that was taken, dry runs too. */
  readonly jobs: readonly FakeJob[];
  /** How many requests came to start a query, refused ones too; no dry runs. */
  readonly inserts: number;
  /** How many queries ran to their end. */
  readonly executions: number;
  /** The whole bill so far. */
  readonly bytesBilled: number;
  readonly faults: FaultBook;
  /** Results are given out in pages of at most so many rows, however many are asked for: BigQuery's pages end at 10 MB. */
  mostRowsAPage: number;
  /** Queries taken from now on stay RUNNING until `release`. */
  hold(): void;
  release(): Promise<void>;
  /** Somebody cancels a running query in BigQuery's console; the last one by default. */
  cancelFromOutside(jobId?: string, o?: { readonly bytesBilled?: number }): void;
  /** Appends late rows; makes the tables that are not there yet. */
  add(events: Events): Promise<void>;
  /** Removes a table of the archive, `day.20150101`, or all of them. */
  drop(table?: string): Promise<void>;
  /** Runs SQL past all this, unseen and unbilled, for what a test wants to see. */
  rows(sql: string): Promise<readonly (readonly unknown[])[]>;
  /** Makes it what it was at the start, in a fraction of the time that takes: no jobs, no bill, no faults, no tables but the archive's first ones. */
  restore(): Promise<void>;
  stop(): Promise<void>;
}

const PROJECT = 'laurels-test';
const LOCATION = 'US';
const MIB = 1024 ** 2;
/** BigQuery answers a request for results that are not there yet after so long at most. */
const LONGEST_WAIT_MS = 10_000;

/** Starts one on a free port of 127.0.0.1. @throws Error when the emulator is neither there nor to be had; see python.ts. */
export async function startFakeBigQuery(options: FakeBigQueryOptions = {}): Promise<FakeBigQuery> {
  const emulator = await startEmulator();
  const server = createServer();
  // A connection that is kept is closed by the client alone: it would be lost whenever both did so, or a test was busy for seconds.
  server.keepAliveTimeout = 0;
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const fake = new FakeBigQueryServer(emulator, options, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  server.on('request', (request, response) => {
    fake.handle(request, response).catch((error: unknown) => {
      // A defect of the fake itself: loud, and an answer no client takes for BigQuery's.
      process.stderr.write(`the fake BigQuery failed: ${error instanceof Error ? error.stack : String(error)}\n`);
      if (!response.headersSent) response.writeHead(599, { 'content-type': 'text/plain' });
      response.end(String(error));
    });
  });
  const stop = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await Promise.all([closed, emulator.stop()]);
  };
  try {
    await fake.open();
  } catch (error) {
    await stop();
    throw error;
  }
  return Object.assign(fake, { stop });
}

const answer = (status: number, body: unknown): EmulatorAnswer => ({ status, body });
const refusal = (problem: Problem, status = statusOf(problem.reason)): EmulatorAnswer => answer(status, errorBody(status, problem));
const missing = (what: string): Problem => ({ reason: 'notFound', message: `Not found: ${what}` });

class FakeBigQueryServer {
  readonly url: string;
  readonly project = PROJECT;
  readonly requests: RecordedRequest[] = [];
  readonly faults = new FaultBook();
  mostRowsAPage = Infinity;
  executions = 0;
  readonly #emulator: Emulator;
  readonly #options: FakeBigQueryOptions;
  readonly #jobs = new Map<string, Job>();
  readonly #dryRuns: Job[] = [];
  /** Statements with the types of their parameters that a dry run found nothing wrong with. */
  readonly #sound = new Set<string>();
  readonly #archive: Archive;
  /** Jobs that wait for `release`, with what they are to do then; null: nothing is held. */
  #held: (() => Promise<void>)[] | null = null;

  constructor(emulator: Emulator, options: FakeBigQueryOptions, url: string) {
    this.#emulator = emulator;
    this.#archive = new Archive(emulator, options);
    this.#options = options;
    this.url = url;
  }

  async open(): Promise<void> {
    await this.#archive.open();
  }

  get jobs(): readonly FakeJob[] {
    return [...this.#dryRuns, ...this.#jobs.values()];
  }

  get inserts(): number {
    return this.requests.filter(({ kind }) => kind === 'insert').length;
  }

  get bytesBilled(): number {
    return this.#jobs.values().reduce((sum, job) => sum + job.bytesBilled, 0);
  }

  hold(): void {
    this.#held ??= [];
  }

  async release(): Promise<void> {
    const held = this.#held ?? [];
    this.#held = null;
    for (const run of held) await run();
  }

  cancelFromOutside(jobId?: string, o: { readonly bytesBilled?: number } = {}): void {
    const job = jobId === undefined ? this.#jobs.values().toArray().at(-1) : this.#jobs.get(jobId);
    if (job?.state !== 'RUNNING') throw new Error(`No running job ${jobId ?? ''}`);
    job.fail({ ...STOPPED, ...o });
  }

  async add(events: Events): Promise<void> {
    await this.#archive.add(events);
  }

  async drop(table?: string): Promise<void> {
    await (table === undefined ? this.#archive.clear() : this.#archive.drop(table));
  }

  async restore(): Promise<void> {
    this.#held = null;
    this.faults.clear();
    this.mostRowsAPage = Infinity;
    this.executions = 0;
    this.requests.length = 0;
    this.#jobs.clear();
    this.#dryRuns.length = 0;
    const { body } = await this.#emulator.request('GET', `/projects/${PROJECT}/datasets`);
    for (const { datasetReference } of (body as { datasets?: readonly { datasetReference: TableReference }[] }).datasets ?? []) {
      await this.#emulator.request('DELETE', `/projects/${PROJECT}/datasets/${datasetReference.datasetId}?deleteContents=true`);
    }
    await this.#archive.restore();
  }

  async rows(sql: string): Promise<readonly (readonly unknown[])[]> {
    const { status, body } = await this.#emulator.request('POST', `/projects/${PROJECT}/queries`, { query: sql, useLegacySql: false });
    const { rows, errors } = body as { rows?: { f: { v: unknown }[] }[]; errors?: unknown };
    if (status !== 200 || errors !== undefined) throw new Error(`The emulator refuses ${sql}: ${JSON.stringify(body)}`);
    return (rows ?? []).map(({ f }) => f.map(({ v }) => v));
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const record = await readRequest(request);
    this.requests.push(record);
    const fault = this.faults.meet(record);
    record.fault = fault?.name ?? null;
    if (fault?.delivery === 'lost') {
      response.destroy();
      return;
    }
    const { status, body } =
      fault?.instead === undefined ? await this.#answer(record, fault) : refusal(fault.instead, fault.instead.status);
    if (fault?.delivery === 'reset') response.destroy();
    if (fault?.delivery === 'reset' || fault?.delivery === 'hang') return;
    record.status = status;
    const bytes = Buffer.from(status === 204 ? '' : JSON.stringify(body));
    response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8', 'content-length': String(bytes.length) });
    // Once the part is on its way the connection goes.
    if (fault?.delivery === 'cut') response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => response.destroy());
    else response.end(bytes);
  }

  async #answer(record: RecordedRequest, fault: Fault | null): Promise<EmulatorAnswer> {
    switch (record.kind) {
      case 'insert':
      case 'dryRun':
        return record.path.endsWith('/queries')
          ? await this.#queryAtOnce(record, fault?.job ?? null)
          : await this.#insert(record, fault?.job ?? null);
      case 'job':
        return this.#found(record, (job) => answer(200, job.toJson()));
      case 'cancel':
        return this.#found(record, (job) => {
          job.fail(STOPPED);
          return answer(200, { kind: 'bigquery#jobCancelResponse', job: job.toJson() });
        });
      case 'results':
        return await this.#found(record, (job) => this.#results(job, record.query));
      case 'tables':
        return record.method === 'GET' ? await this.#tables(record) : await this.#forward(record);
      default:
        return await this.#forward(record);
    }
  }

  #found<T extends EmulatorAnswer | Promise<EmulatorAnswer>>({ jobId, query }: RecordedRequest, use: (job: Job) => T): T | EmulatorAnswer {
    const job = this.#jobs.get(jobId ?? '');
    const location = query.get('location') ?? LOCATION;
    return job?.location === location ? use(job) : refusal(missing(`Job ${PROJECT}:${location}.${jobId}`));
  }

  /** What the emulator says, in BigQuery's words. */
  async #forward({ method, path, query, body }: RecordedRequest): Promise<EmulatorAnswer> {
    const search = query.size === 0 ? '' : `?${query.toString()}`;
    const said = await this.#emulator.request(method, `${path}${search}`, body ?? undefined);
    const { message = '' } = (said.body as { error?: { message?: string } }).error ?? {};
    const lost = /^Not found: (dataset|table):([\w-]+)\.(.+)$/i.exec(message);
    if (said.status !== 404 || lost === null) return said;
    const [, kind = '', project, rest] = lost;
    return refusal(missing(`${kind === 'dataset' ? 'Dataset' : 'Table'} ${project}:${rest}`));
  }

  /** The emulator lists no pages, and nothing where there is no dataset. */
  async #tables(record: RecordedRequest): Promise<EmulatorAnswer> {
    const dataset = await this.#forward({ ...record, path: record.path.replace(/\/tables$/, ''), query: new URLSearchParams() });
    if (dataset.status !== 200) return dataset;
    const all = await this.#emulator.request('GET', `${record.path}?maxResults=100000`);
    const { tables = [] } = all.body as { tables?: readonly unknown[] };
    const from = Number(record.query.get('pageToken') ?? 0);
    const until = from + Number(record.query.get('maxResults') ?? 50);
    return answer(200, {
      kind: 'bigquery#tableList',
      ...(tables.length > 0 ? { tables: tables.slice(from, until) } : {}),
      totalItems: tables.length,
      ...(until < tables.length ? { nextPageToken: String(until) } : {}),
    });
  }

  async #insert(record: RecordedRequest, end: JobEnd | null): Promise<EmulatorAnswer> {
    const { configuration = {}, jobReference } = record.body as {
      configuration?: QueryConfiguration;
      jobReference?: { location?: string };
    };
    // Loads and copies cost nothing.
    if (configuration.query === undefined) return await this.#forward(record);
    const id = record.jobId ?? randomUUID();
    const location = jobReference?.location ?? LOCATION;
    if (this.#jobs.has(id) && configuration.dryRun !== true) {
      return refusal({ reason: 'duplicate', message: `Already Exists: Job ${PROJECT}:${location}.${id}` });
    }
    const { tables, problem } = await this.#tablesOf(configuration.query.query ?? '', location);
    const sizes = tables.map((table) => this.#bytesOf(table));
    const job = new Job({ id, project: PROJECT, location, configuration, bytesProcessed: sizes.reduce((sum, bytes) => sum + bytes, 0) });
    if (job.isDryRun) return problem === null ? await this.#dryRun(job, record) : refusal(problem);

    const bill = billOf(sizes);
    const cap = job.maximumBytesBilled ?? Infinity;
    this.#jobs.set(id, job);
    if (problem !== null) job.fail(problem);
    else if (bill > cap) {
      job.fail({
        reason: 'bytesBilledLimitExceeded',
        message: `Query exceeded limit for bytes billed: ${cap}. ${bill} or higher required.`,
      });
    }
    // What BigQuery sees at once it tells at once; else a query only begins.
    if (job.state === 'DONE') return answer(200, job.toJson());
    const run = async (): Promise<void> => (end === null ? await this.#run(job, bill) : job.fail(end));
    if (this.#held === null) await run();
    else this.#held.push(run);
    return answer(200, job.error?.reason === 'invalidQuery' ? job.toJson() : job.toJson('RUNNING'));
  }

  async #run(job: Job, bill: number): Promise<void> {
    if (job.state === 'DONE') return;
    const { status, body } = await this.#emulator.request('POST', `/projects/${PROJECT}/jobs`, {
      jobReference: { projectId: PROJECT, jobId: job.id },
      configuration: { ...job.configuration, query: { ...job.configuration.query, maximumBytesBilled: undefined } },
    });
    const said = body as { status?: { errorResult?: Problem }; statistics?: { query?: Fields }; error?: { message?: string } };
    const failure = said.status?.errorResult ?? (status === 200 ? null : { reason: 'invalidQuery', message: said.error?.message ?? '' });
    if (failure !== null) {
      job.fail(failure);
      return;
    }
    this.executions += 1;
    job.succeed(bill, said.statistics?.query ?? {});
  }

  /** The emulator runs SELECTs of dry runs, which takes time, once: what is wrong with them comes out. */
  async #dryRun(job: Job, record: RecordedRequest): Promise<EmulatorAnswer> {
    const { queryParameters = [] } = job.configuration.query ?? {};
    const shape = JSON.stringify([job.sql, queryParameters.map(({ name, parameterType }) => [name, parameterType])]);
    if (!this.#sound.has(shape)) {
      const said = await this.#emulator.request('POST', record.path, record.body);
      if (said.status !== 200) return said;
      this.#sound.add(shape);
    }
    this.#dryRuns.push(job);
    job.succeed(0, {});
    const { jobReference: _, ...rest } = job.toJson() as Record<string, unknown>;
    return answer(200, { ...rest, jobReference: { projectId: PROJECT, location: job.location } });
  }

  /** The tables a statement reads, or why it can't. */
  async #tablesOf(
    sql: string,
    location: string,
  ): Promise<{ readonly tables: readonly TableReference[]; readonly problem: Problem | null }> {
    const tables = tablesRead(sql);
    for (const table of tables) {
      const isThere = location === LOCATION && (await this.#has(table));
      if (!isThere) return { tables, problem: missing(`Table ${inMessages(table)} was not found in location ${location}`) };
    }
    return { tables, problem: null };
  }

  async #has({ projectId, datasetId, tableId }: TableReference): Promise<boolean> {
    if (projectId === ARCHIVE) return this.#archive.has(`${datasetId}.${tableId}`);
    const { status } = await this.#emulator.request('GET', `/projects/${projectId}/datasets/${datasetId}/tables/${tableId}`);
    return status === 200;
  }

  #bytesOf({ datasetId, tableId }: TableReference): number {
    const { bytesOf } = this.#options;
    const name = `${datasetId}.${tableId}`;
    if (typeof bytesOf === 'function') return bytesOf(name);
    return bytesOf ?? this.#archive.bytesOf(name) ?? MIB;
  }

  async #results(job: Job, query: URLSearchParams): Promise<EmulatorAnswer> {
    if (job.state === 'RUNNING') {
      const wait = Math.min(Number(query.get('timeoutMs') ?? LONGEST_WAIT_MS), LONGEST_WAIT_MS);
      await Promise.race([job.done, delay(wait, undefined, { ref: false })]);
    }
    // It may be done by now.
    if ((job as FakeJob).state === 'RUNNING') {
      return answer(200, { kind: 'bigquery#getQueryResultsResponse', jobReference: job.reference, jobComplete: false });
    }
    if (job.error !== null) return refusal(job.error);
    const asked = Number(query.get('maxResults') ?? 10_000);
    const page = new URLSearchParams({ maxResults: String(Math.min(asked, this.mostRowsAPage)) });
    for (const name of ['startIndex', 'pageToken']) {
      const value = query.get(name);
      if (value !== null) page.set(name, value);
    }
    const { status, body } = await this.#emulator.request('GET', `/projects/${PROJECT}/queries/${job.id}?${page.toString()}`);
    return answer(status, {
      ...(body as Fields),
      jobReference: job.reference,
      totalBytesProcessed: String(job.bytesProcessed),
      cacheHit: false,
    });
  }

  /** jobs.query: a job that BigQuery names, and the first page of its result. */
  async #queryAtOnce(record: RecordedRequest, end: JobEnd | null): Promise<EmulatorAnswer> {
    const { query, queryParameters, parameterMode, useLegacySql, maximumBytesBilled, labels, location, maxResults } = record.body as Record<
      string,
      string
    >;
    const jobId = randomUUID();
    const taken = await this.#insert(
      {
        ...record,
        jobId,
        body: {
          jobReference: { jobId, location },
          configuration: {
            query: { query, queryParameters, parameterMode, useLegacySql: useLegacySql ?? false, maximumBytesBilled },
            labels,
          },
        },
      },
      end,
    );
    const job = this.#jobs.get(jobId);
    if (job === undefined) return taken;
    return await this.#results(job, new URLSearchParams(maxResults === undefined ? {} : { maxResults }));
  }
}
