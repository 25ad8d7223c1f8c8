import type { PoolClient } from 'pg';
import { databaseToday, inTransaction, type Database } from '../../src/db/database.ts';
import { ContributionEvent } from '../../src/db/entities/contribution.ts';
import { addRepository, type StoredRepository } from '../../src/db/repositories.ts';
import { KIND_CODES, SOURCES, type Contribution } from '../../src/domain/contribution.ts';
import { ingest, type Ingested } from './ingest.ts';
import { accountOf, batchesOf, peopleOf } from './stream.ts';
import type { BenchServer } from './server.ts';

/** What storing the same contributions took, milliseconds. */
interface StoreTimes {
  readonly first: Ingested;
  readonly again: Ingested;
  /** Tables of which a row was written, moved or locked by storing the same again; none is right. */
  readonly rewritten: readonly string[];
  readonly unnestMs: number;
  /** Of `ormRows` rows. */
  readonly ormMs: number;
}

/** Stores a generated stream through staging and publishing twice, and its rows in the two other ways, each in a database of its own. */
export async function timeStores(server: BenchServer, o: { readonly rows: number; readonly ormRows: number }): Promise<StoreTimes> {
  const ours = await withRepository(server, async (db, repository) => {
    const batches = [...batchesOf({ rows: o.rows, until: await databaseToday(db) })];
    const first = await ingest(db, repository, batches);
    const before = await rowVersions(db);
    const again = await ingest(db, repository, batches);
    const after = await rowVersions(db);
    if (again.published.changed) throw new Error('Storing the same again changed something');
    return { first, again, rewritten: Object.keys(after).filter((table) => after[table] !== before[table]) };
  });
  const unnestMs = await withRepository(server, async (db, repository) => {
    const rows = [...batchesOf({ rows: o.rows, until: await databaseToday(db) })].flatMap(({ contributions }) => contributions);
    const users = await storeUsers(db, peopleOf(o.rows));
    return timed(() => inTransaction(db, (client) => insertByUnnest(client, repository.id, rows, users)));
  });
  const ormMs = await withRepository(server, async (db, repository) => {
    const rows = [...batchesOf({ rows: o.ormRows, until: await databaseToday(db) })].flatMap(({ contributions }) => contributions);
    const users = await storeUsers(db, peopleOf(o.ormRows));
    return timed(() => storeByOrm(db, repository.id, rows, users));
  });
  return { ...ours, unnestMs, ormMs };
}

async function withRepository<T>(server: BenchServer, work: (db: Database, repository: StoredRepository) => Promise<T>): Promise<T> {
  const { db, drop } = await server.freshDatabase();
  try {
    const { repository } = await addRepository(db, { owner: 'bench', name: 'store' }, null);
    // What others wrote before is not written out in the middle of the measurement.
    await db.pool.query('CHECKPOINT');
    return await work(db, repository);
  } finally {
    await drop();
  }
}

/** Milliseconds that work took. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Everything that publishing writes and that must stay as it is when nothing is new. */
const KEPT_TABLES = [
  'contribution_event',
  'contribution_day',
  'pull_request',
  'github_user',
  'user_alias',
  'covered_range',
  'repository_coverage',
  'repository_leaderboard',
  'board',
] as const;

/** A sum over place (ctid), maker (xmin) and last locker or deleter (xmax) of all rows of each table. */
export async function rowVersions(db: Database): Promise<Readonly<Record<string, string>>> {
  const versions: Record<string, string> = {};
  for (const table of KEPT_TABLES) {
    const { rows } = await db.pool.query<{ version: string }>(
      `SELECT count(*) || ':' || coalesce(sum(hashtextextended(concat_ws(' ', tableoid, ctid, xmin, xmax), 0)), 0) AS version FROM ${table}`,
    );
    versions[table] = rows[0]?.version ?? '';
  }
  return versions;
}

/** Stores the people of a stream and gives their ids in the database, by GitHub id. */
async function storeUsers(db: Database, people: number): Promise<ReadonlyMap<number, number>> {
  const accounts = Array.from({ length: people }, (_, person) => accountOf(person));
  const { rows } = await db.pool.query<{ id: number; githubId: number }>(
    `INSERT INTO github_user (id, person_id, github_id, username, account_type)
     SELECT id, id, github_id, username, 'User'
     FROM (SELECT nextval('github_user_id_seq') AS id, a.* FROM unnest($1::bigint[], $2::text[]) AS a (github_id, username)) AS u
     RETURNING id, github_id AS "githubId"`,
    [accounts.map(({ githubId }) => githubId), accounts.map(({ login }) => login)],
  );
  return new Map(rows.map(({ id, githubId }) => [githubId, id]));
}

function userIdOf(users: ReadonlyMap<number, number>, { actor }: Contribution): number | null {
  return users.get(actor?.githubId ?? 0) ?? null;
}

/** The same rows by one statement, nothing compared, nobody looked up: as fast as rows come in from JavaScript without COPY. */
async function insertByUnnest(
  client: PoolClient,
  repositoryId: number,
  rows: readonly Contribution[],
  users: ReadonlyMap<number, number>,
): Promise<void> {
  await client.query(
    `INSERT INTO contribution_event
       (repository_id, kind, source, is_estimate, number, user_id, occurred_at, quantity, lines_added, lines_deleted, subject, source_event)
     SELECT $1, r.kind, $2, r.is_estimate, r.number, r.user_id, r.occurred_at, r.quantity, r.lines_added, r.lines_deleted, r.subject, r.source_event
     FROM unnest($3::smallint[], $4::boolean[], $5::int[], $6::bigint[], $7::timestamptz[], $8::int[], $9::int[], $10::int[], $11::text[], $12::text[])
       AS r (kind, is_estimate, number, user_id, occurred_at, quantity, lines_added, lines_deleted, subject, source_event)`,
    [
      repositoryId,
      SOURCES.gharchive.code,
      rows.map(({ kind }) => KIND_CODES[kind]),
      rows.map(({ isEstimate }) => isEstimate),
      rows.map(({ number }) => number),
      rows.map((row) => userIdOf(users, row)),
      rows.map(({ occurredAt }) => occurredAt.toISOString()),
      rows.map(({ quantity }) => quantity),
      rows.map(({ linesAdded }) => linesAdded),
      rows.map(({ linesDeleted }) => linesDeleted),
      rows.map(({ subject }) => subject),
      rows.map(({ sourceEvent }) => sourceEvent),
    ],
  );
}

const ORM_BATCH = 100;

/** The original design: for each row select it by its key, make it when it is not there, and commit each hundred. */
async function storeByOrm(
  db: Database,
  repositoryId: number,
  rows: readonly Contribution[],
  users: ReadonlyMap<number, number>,
): Promise<void> {
  for (let from = 0; from < rows.length; from += ORM_BATCH) {
    const em = db.orm.em.fork();
    for (const row of rows.slice(from, from + ORM_BATCH)) {
      const key = { repositoryId, kind: KIND_CODES[row.kind], subject: row.subject };
      if ((await em.findOne(ContributionEvent, key)) !== null) continue;
      em.create(
        ContributionEvent,
        {
          ...key,
          source: SOURCES.gharchive.code,
          isEstimate: row.isEstimate,
          number: row.number,
          userId: userIdOf(users, row),
          occurredAt: row.occurredAt,
          quantity: row.quantity,
          linesAdded: row.linesAdded,
          linesDeleted: row.linesDeleted,
          actorLogin: null,
          sourceEvent: row.sourceEvent,
        },
        { persist: true },
      );
    }
    await em.flush();
  }
}
