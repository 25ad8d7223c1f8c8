import { appendJobLog } from '../../src/db/job-log.ts';
import { databaseToday, type Database } from '../../src/db/database.ts';
import { rebuildGlobalBoard } from '../../src/db/boards.ts';
import { KIND_CODES } from '../../src/domain/contribution.ts';
import { addDays } from '../../src/domain/window.ts';
import { fillBoards, type BoardsShape } from '../db/boards.ts';
import { startBenchServer, type BenchServer } from '../db/server.ts';
import { median, type BenchRow, type Measure } from '../row.ts';
import { putLoad, type Load, type LoadResult } from './load.ts';
import { connectLogClients, sharedNow } from './log-clients.ts';
import { FIXED_PATH, startBenchApi } from './server.ts';

interface Sizes {
  /** People on one board. */
  readonly people: number;
  /** Requests for distinct pages, each once. */
  readonly distinct: number;
  /** Contributors of a window. */
  readonly active: number;
  readonly clients: number;
  readonly logSeconds: number;
}
const FULL: Sizes = { people: 1_000_000, distinct: 1_500, active: 10_000, clients: 500, logSeconds: 8 };
const QUICK: Sizes = { people: 100_000, distinct: 500, active: 10_000, clients: 500, logSeconds: 3 };

const ROUNDS = 3;
const CONNECTIONS = 8;
const FOR_MS = 1_500;
const PAGE = 50;
/** `page 10,000`, or the middle of a smaller board. */
const deepPage = (people: number): number => Math.min(10_000, Math.floor(people / PAGE / 2));
const GLOBAL = '/api/v1/leaderboard/global';
const LINES_A_SECOND = 50;

const count = (number: number): string => number.toLocaleString('en-US');
const percent = (ratio: number): string => `${Math.round(ratio * 100)} %`;
const ms = (value: number): string => `${value.toFixed(value < 10 ? 2 : 0)} ms`;
const rate = ({ requests, seconds }: LoadResult): number => requests / seconds;

/** Rows 10 to 12: the API, its load from another thread of the same machine. */
export const measure: Measure = async function* measure(rows, { quick }) {
  const sizes = quick ? QUICK : FULL;
  const server = await startBenchServer();
  try {
    if (rows.includes(10)) yield await pagesRow(server, sizes);
    if (rows.includes(11)) yield await windowRow(server, sizes);
    if (rows.includes(12)) yield await logRow(server, sizes);
  } finally {
    await server.stop();
  }
};

/** Nothing is measured of answers that are not what was asked for. */
async function load(o: Load, status = 200): Promise<LoadResult> {
  const result = await putLoad(o);
  const others = Object.keys(result.statuses).filter((known) => Number(known) !== status);
  if (others.length > 0) throw new Error(`${o.requests[0]?.path} answered ${JSON.stringify(result.statuses)}, not ${status}`);
  return result;
}

async function pagesRow(server: BenchServer, { people, distinct }: Sizes): Promise<BenchRow> {
  const { db, drop } = await server.freshDatabase();
  let fixed: unknown = {};
  const api = await startBenchApi(db, () => fixed);
  try {
    const shape: BoardsShape = { rows: people, repositories: 2, people, largest: Math.round(people * 0.9) };
    await fillBoards(db, shape);
    const get = async (path: string): Promise<{ readonly body: { readonly next_cursor: string }; readonly tag: string }> => {
      const response = await fetch(`${api.url}${path}`);
      return { body: (await response.json()) as { next_cursor: string }, tag: response.headers.get('etag') ?? '' };
    };
    const first = await get(GLOBAL);
    fixed = first.body;
    const deep = `${GLOBAL}?cursor=${(await get(`${GLOBAL}?limit=${PAGE}&around=${await loginAt(db, deepPage(people) * PAGE)}`)).body.next_cursor}`;
    // Cursors of longer pages: the pages that are asked for later have not been asked for before.
    const cursors: string[] = [];
    for (let cursor = first.body.next_cursor; cursors.length < distinct;) {
      cursors.push(cursor);
      cursor = (await get(`${GLOBAL}?limit=100&cursor=${cursor}`)).body.next_cursor;
    }
    const base = { port: api.port, connections: CONNECTIONS, forMs: FOR_MS };
    const share = Math.floor(distinct / ROUNDS);
    const results: {
      readonly json: number;
      readonly first: number;
      readonly deep: number;
      readonly unchanged: number;
      readonly once: number;
      readonly bytes: number;
    }[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const json = await load({ ...base, requests: [{ path: FIXED_PATH }] });
      const firstPage = await load({ ...base, requests: [{ path: GLOBAL }] });
      const deepest = await load({ ...base, requests: [{ path: deep }] });
      const unchanged = await load({ ...base, requests: [{ path: GLOBAL, headers: { 'if-none-match': first.tag } }] }, 304);
      const paths = cursors
        .slice(round * share, (round + 1) * share)
        .map((cursor) => ({ path: `${GLOBAL}?limit=${PAGE}&cursor=${cursor}` }));
      const once = await load({ port: api.port, connections: CONNECTIONS, requests: paths });
      results.push({
        json: rate(json),
        first: rate(firstPage),
        deep: rate(deepest),
        unchanged: rate(unchanged),
        once: rate(once),
        bytes: firstPage.bytes,
      });
    }
    const middle = (ratio: (result: (typeof results)[number]) => number): number => median(results.map(ratio));
    const [ofFirst, ofUnchanged, ofOnce] = [
      middle((r) => r.first / r.json),
      middle((r) => r.unchanged / r.json),
      middle((r) => r.once / r.json),
    ];
    const deepTimes = middle((r) => r.first / r.deep);
    return {
      row: 10,
      name: `GET a board page at ${count(people)} rows (${count(Math.round(middle((r) => r.first)))} a second, ${count(results[0]?.bytes ?? 0)} bytes)`,
      measured: `${percent(ofFirst)} of res.json (${count(Math.round(middle((r) => r.json)))} a second); page ${count(deepPage(people))} takes ${deepTimes.toFixed(2)}x the first; unchanged ${percent(ofUnchanged)}; ${count(share)} pages that nobody had asked for ${percent(ofOnce)}`,
      target: 'at least 40 %; at most 1.2x; at least 100 %',
      holds: ofFirst >= 0.4 && deepTimes <= 1.2 && ofUnchanged >= 1,
      figures: { rounds: results },
    };
  } finally {
    await api.stop();
    await drop();
  }
}

async function loginAt(db: Database, position: number): Promise<string> {
  const { rows } = await db.pool.query<{ username: string }>(
    `SELECT u.username FROM board b JOIN global_leaderboard l ON l.version = b.version JOIN github_user u ON u.id = l.person_id WHERE b.scope = 0 AND l.position = $1`,
    [position],
  );
  return rows[0]?.username ?? '';
}

/** A repository of which so many people did something on five of the last thirty days, and other things in two years. */
async function fillWindow(db: Database, active: number): Promise<void> {
  const today = await databaseToday(db);
  await db.pool.query(
    `INSERT INTO github_user (id, person_id, github_id, username, account_type, kind)
     SELECT n, n, 1000000 + n, 'person-' || to_hex(hashint8(n) & 2147483647) || '-' || n, 'User', CASE WHEN n % 50 = 0 THEN 'bot' ELSE 'human' END
     FROM generate_series(1, $1::bigint * 5) AS n`,
    [active],
  );
  await db.pool.query(`INSERT INTO repository (id, owner, name, status, last_scraped_at) VALUES (1, 'bench', 'busy', 'COMPLETED', now())`);
  await db.pool.query(
    `INSERT INTO contribution_day (repository_id, person_id, day, kind, quantity, unknown, lines_unknown, lines_added, lines_deleted, first_at, last_at)
     SELECT DISTINCT ON (d.day, d.kind, n) 1, n, d.day, d.kind, 1 + d.hash % 9, 0, 0,
       CASE WHEN d.kind = ${KIND_CODES.PR_MERGED} THEN d.hash % 5000 END, CASE WHEN d.kind = ${KIND_CODES.PR_MERGED} THEN d.hash % 1500 END, d.day, d.day
     FROM generate_series(1, $1::bigint) AS n CROSS JOIN generate_series(1, 9) AS j
     CROSS JOIN LATERAL (SELECT hashint8(n * 31 + j) & 2147483647 AS hash) AS h
     CROSS JOIN LATERAL (SELECT h.hash, (1 + h.hash % 9)::smallint AS kind, $2::date - (CASE WHEN j <= 5 THEN h.hash % 30 ELSE h.hash % 700 END)::int AS day) AS d
     ORDER BY d.day, d.kind, n`,
    [active, today],
  );
  await db.pool.query(
    `INSERT INTO covered_range (repository_id, source, kind, during, state) SELECT 1, 1, k, daterange($1, $2, '[]'), 'complete' FROM generate_series(1, 10) AS k`,
    [addDays(today, -731), today],
  );
  for (const table of ['github_user', 'contribution_day', 'covered_range']) await db.pool.query(`VACUUM ANALYZE ${table}`);
  await rebuildGlobalBoard(db);
  await db.pool.query('VACUUM ANALYZE repository_leaderboard, board');
}

async function windowRow(server: BenchServer, { active }: Sizes): Promise<BenchRow> {
  const { db, drop } = await server.freshDatabase();
  const api = await startBenchApi(db, () => ({}));
  const path = '/api/v1/leaderboard/bench/busy';
  const ask = async (requests: Load['requests'], forMs?: number): Promise<number> => {
    const { latencies } = await load({ port: api.port, connections: 1, requests, ...(forMs === undefined ? {} : { forMs }) });
    return median(latencies);
  };
  try {
    await fillWindow(db, active);
    // Pages of lengths that nobody has asked for: what is kept of other pages is of no use. The first ones warm up.
    const lengths = Array.from({ length: 30 }, (_, index) => 35 + index);
    const cold = (query: string, round: number): Load['requests'] =>
      lengths.slice(round * 10, round * 10 + 10).map((limit) => ({ path: `${path}?limit=${limit}${query}` }));
    await ask([{ path: `${path}?limit=1` }, { path: `${path}?limit=1&window=30d` }], 500);
    const results: { readonly cold: number; readonly coldDefault: number; readonly again: number; readonly againDefault: number }[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      results.push({
        coldDefault: await ask(cold('', round)),
        cold: await ask(cold('&window=30d', round)),
        againDefault: await ask([{ path }], 500),
        again: await ask([{ path: `${path}?window=30d` }], 500),
      });
    }
    const coldTimes = median(results.map((r) => r.cold / r.coldDefault));
    const againTimes = median(results.map((r) => r.again / r.againDefault));
    const { rows } = await db.pool.query<{ people: number; days: number }>(
      `SELECT count(DISTINCT person_id)::int AS people, count(*)::int AS days FROM contribution_day WHERE day > (SELECT max(day) FROM contribution_day) - 30`,
    );
    return {
      row: 11,
      name: `GET a board for a 30-day window of ${count(rows[0]?.people ?? 0)} contributors, ${count(rows[0]?.days ?? 0)} days (${ms(median(results.map((r) => r.cold)))}, again ${ms(median(results.map((r) => r.again)))})`,
      measured: `cold ${coldTimes.toFixed(1)}x the default window (${ms(median(results.map((r) => r.coldDefault)))}); repeated ${againTimes.toFixed(2)}x (${ms(median(results.map((r) => r.againDefault)))})`,
      target: 'cold at most 25x; preset or repeated at most 1.5x',
      holds: coldTimes <= 25 && againTimes <= 1.5,
      figures: { rounds: results },
    };
  } finally {
    await api.stop();
    await drop();
  }
}

async function logRow(server: BenchServer, { clients: wanted, logSeconds }: Sizes): Promise<BenchRow> {
  const { db, drop } = await server.freshDatabase();
  const api = await startBenchApi(db, () => ({}));
  const clients = await connectLogClients(`${api.url.replace('http', 'ws')}/dashboard/ws/logs`, wanted);
  try {
    const { rows } = await db.pool.query<{ id: string }>(
      `INSERT INTO scrape_job (id, job_type, repository_name, workflow_id, sources, window_since, window_until, requested_by)
       VALUES (gen_random_uuid(), 'FULL', 'bench/log', 'bench', '{}', '2026-01-01', '2026-01-01', 'bench') RETURNING id`,
    );
    const job = rows[0]?.id ?? '';
    const write = async (lines: number): Promise<void> => {
      const begun = performance.now();
      for (let line = 0; line < lines; line += 1) {
        const due = begun + (line * 1000) / LINES_A_SECOND;
        if (due > performance.now()) await new Promise((resolve) => setTimeout(resolve, due - performance.now()));
        await appendJobLog(db, job, [{ at: new Date(), level: 30, message: 'page staged', fields: { written: sharedNow(), rows: 100 } }]);
      }
    };
    const round = async (lines: number) => {
      const receiving = clients.receive(lines, (lines / LINES_A_SECOND) * 1000 + 10_000);
      await write(lines);
      return receiving;
    };
    await round(LINES_A_SECOND);
    const results: { readonly all: boolean; readonly p50: number; readonly p99: number }[] = [];
    for (let each = 0; each < ROUNDS; each += 1) {
      const lines = Math.ceil((logSeconds * LINES_A_SECOND) / ROUNDS);
      const { received, latencies } = await round(lines);
      const at = (share: number): number => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? Number.NaN;
      results.push({ all: received === lines * wanted, p50: at(0.5), p99: at(0.99) });
    }
    const p99 = median(results.map((r) => r.p99));
    const all = results.every((r) => r.all);
    return {
      row: 12,
      name: `a log line to ${count(wanted)} WebSocket clients, ${LINES_A_SECOND} lines a second`,
      measured: `${all ? 'all got it' : 'NOT ALL got it'}; p99 ${ms(p99)}, half of them within ${ms(median(results.map((r) => r.p50)))}`,
      target: 'all get it; p99 under 50 ms',
      holds: all && p99 < 50,
      figures: { rounds: results },
    };
  } finally {
    await clients.close();
    await api.stop();
    await drop();
  }
}
