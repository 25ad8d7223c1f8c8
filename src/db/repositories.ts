import { AppError } from '../domain/errors.ts';
import type { RepositoryStatus } from '../domain/job-status.ts';
import { fullNameOf, type RepositoryName } from '../domain/repository-name.ts';
import { decodeCursor, encodeCursor, pageOf, type Page } from './cursor.ts';
import { inTransaction, queryable, type Database, type Queryable } from './database.ts';
import { removeSampleRows } from './repository-removal.ts';

export type { Page } from './cursor.ts';
export { deleteRepository } from './repository-removal.ts';

/** A repository's row. `githubId` null: no source has told it yet; negative: generated sample data. */
export interface StoredRepository {
  readonly id: number;
  readonly githubId: number | null;
  readonly nodeId: string | null;
  readonly owner: string;
  readonly name: string;
  readonly description: string | null;
  readonly stars: number | null;
  readonly forks: number | null;
  readonly defaultBranch: string | null;
  readonly isSample: boolean;
  readonly status: RepositoryStatus;
  readonly lastScrapedAt: Date | null;
  readonly lastFullAt: Date | null;
  readonly createdAt: Date;
}

/** What a source tells of a repository; what is left out stays as it is. */
export interface RepositoryFacts {
  readonly githubId?: number;
  readonly nodeId?: string;
  readonly owner?: string;
  readonly name?: string;
  readonly description?: string | null;
  readonly stars?: number;
  readonly forks?: number;
  readonly defaultBranch?: string;
  readonly isPrivate?: boolean;
}

export const REPOSITORY_COLUMNS = `r.id, r.github_id AS "githubId", r.node_id AS "nodeId", r.owner, r.name, r.description, r.stars, r.forks,
  r.default_branch AS "defaultBranch", r.is_sample AS "isSample", r.status, r.last_scraped_at AS "lastScrapedAt",
  r.last_full_at AS "lastFullAt", r.created_at AS "createdAt"`;

/** The repository that is called so now, or null. Names are compared without case. */
export async function findRepository(db: Database | Queryable, name: RepositoryName): Promise<StoredRepository | null> {
  const { rows } = await queryable(db).query<StoredRepository>({
    name: 'find-repository',
    text: `SELECT ${REPOSITORY_COLUMNS} FROM repository r WHERE lower(r.owner) = lower($1) AND lower(r.name) = lower($2)`,
    values: [name.owner, name.name],
  });
  return rows[0] ?? null;
}

/** The repository that was called so last, before it was renamed; null when none was. */
export async function findByOldName(db: Database | Queryable, name: RepositoryName): Promise<StoredRepository | null> {
  const { rows } = await queryable(db).query<StoredRepository>(
    `SELECT ${REPOSITORY_COLUMNS} FROM repository_alias a JOIN repository r ON r.id = a.repository_id
     WHERE a.owner_lc = lower($1) AND a.name_lc = lower($2) ORDER BY a.until DESC, r.id DESC LIMIT 1`,
    [name.owner, name.name],
  );
  return rows[0] ?? null;
}

/** The repositories that are or were called so, in the order of the names; null for a name that nobody has had. */
export async function findRepositories(
  db: Database | Queryable,
  names: readonly RepositoryName[],
): Promise<readonly (StoredRepository | null)[]> {
  const { rows } = await queryable(db).query<{ place: number } & StoredRepository>(
    `SELECT n.place, ${REPOSITORY_COLUMNS}
     FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS n (owner, name, place)
     JOIN repository r ON r.id = coalesce(
       (SELECT c.id FROM repository c WHERE lower(c.owner) = lower(n.owner) AND lower(c.name) = lower(n.name)),
       (SELECT a.repository_id FROM repository_alias a WHERE a.owner_lc = lower(n.owner) AND a.name_lc = lower(n.name)
        ORDER BY a.until DESC, a.repository_id DESC LIMIT 1))`,
    [names.map(({ owner }) => owner), names.map(({ name }) => name)],
  );
  const found = new Map(rows.map(({ place, ...repository }) => [place, repository]));
  return names.map((_, index) => found.get(index + 1) ?? null);
}

/** The repository with this id, or null. */
export async function repositoryById(db: Database | Queryable, id: number): Promise<StoredRepository | null> {
  const { rows } = await queryable(db).query<StoredRepository>(`SELECT ${REPOSITORY_COLUMNS} FROM repository r WHERE r.id = $1`, [id]);
  return rows[0] ?? null;
}

/**
 * Adds a repository, PENDING, or gives the one that is known by this name or by its GitHub id (renamed, when the name is new).
 * Facts with a negative GitHub id make a sample repository; the first other one removes the sample (`removedSample`).
 * @throws AppError `repository_is_another` (409) when the name belongs to a repository with another GitHub id.
 */
export async function addRepository(
  db: Database,
  name: RepositoryName,
  facts: RepositoryFacts | null,
): Promise<{ repository: StoredRepository; created: boolean; removedSample: boolean }> {
  return inTransaction(db, async (client) => {
    const githubId = facts?.githubId ?? null;
    const known = (await findByGithubId(client, githubId)) ?? (await findRepository(client, name));
    if (known !== null) {
      await learn(client, known.id, { ...name, ...facts });
      return { repository: (await repositoryById(client, known.id)) ?? known, created: false, removedSample: false };
    }
    const isSample = githubId !== null && githubId < 0;
    const inserted = await client.query<{ id: number }>(
      `INSERT INTO repository (github_id, owner, name, is_sample) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING id`,
      [githubId, facts?.owner ?? name.owner, facts?.name ?? name.name, isSample],
    );
    const id = inserted.rows[0]?.id;
    if (id === undefined) {
      // Somebody else added it in this moment.
      const other = (await findRepository(client, name)) ?? (await findByGithubId(client, githubId));
      if (other === null) throw new AppError('repository_conflict', 409, `${fullNameOf(name)} is being added or removed. Try again.`);
      return { repository: other, created: false, removedSample: false };
    }
    if (facts !== null) await learn(client, id, facts);
    const removedSample = !isSample && (await removeSampleRows(client)) > 0;
    const repository = await repositoryById(client, id);
    if (repository === null) throw new AppError('repository_conflict', 409, `${fullNameOf(name)} is being removed. Try again.`);
    return { repository, created: true, removedSample };
  });
}

/**
 * Writes down what a source knows of a repository. A new name keeps the old one as an alias; a name that another repository has
 * is left alone until that one is learnt anew.
 * @throws AppError `repository_is_another` (409), naming the repository that already has this GitHub id.
 */
export async function learnRepository(db: Database, id: number, facts: RepositoryFacts): Promise<void> {
  await inTransaction(db, (client) => learn(client, id, facts));
}

async function learn(client: Queryable, id: number, facts: RepositoryFacts): Promise<void> {
  const { rows } = await client.query<StoredRepository>(`SELECT ${REPOSITORY_COLUMNS} FROM repository r WHERE r.id = $1 FOR UPDATE`, [id]);
  const stored = rows[0];
  if (stored === undefined) return;
  if (facts.githubId !== undefined && facts.githubId !== stored.githubId) {
    const owner = await findByGithubId(client, facts.githubId);
    const other = owner ?? (stored.githubId === null ? null : stored);
    if (other !== null) {
      const details = { repository_id: other.id, repository: fullNameOf(other), github_id: facts.githubId };
      const message =
        owner === null
          ? `${fullNameOf(stored)} is known here as another repository (GitHub id ${stored.githubId}, not ${facts.githubId}). Remove it first.`
          : `GitHub id ${facts.githubId} is already known here as ${fullNameOf(owner)}.`;
      throw new AppError('repository_is_another', 409, message, details);
    }
  }
  const name = { owner: facts.owner ?? stored.owner, name: facts.name ?? stored.name };
  const isRenamed = fullNameOf(name) !== fullNameOf(stored);
  const holder = isRenamed ? await findRepository(client, name) : null;
  const takesName = isRenamed && (holder === null || holder.id === id);
  if (takesName && fullNameOf(name).toLowerCase() !== fullNameOf(stored).toLowerCase()) {
    await client.query(
      `INSERT INTO repository_alias (owner_lc, name_lc, repository_id) VALUES (lower($1), lower($2), $3)
       ON CONFLICT (owner_lc, name_lc, repository_id) DO UPDATE SET until = excluded.until`,
      [stored.owner, stored.name, id],
    );
  }
  await client.query(
    `UPDATE repository SET github_id = coalesce($2, github_id), node_id = coalesce($3, node_id), owner = $4, name = $5,
       description = CASE WHEN $6 THEN $7 ELSE description END, stars = coalesce($8, stars), forks = coalesce($9, forks),
       default_branch = coalesce($10, default_branch), is_private = coalesce($11, is_private)
     WHERE id = $1`,
    [
      id,
      facts.githubId ?? null,
      facts.nodeId ?? null,
      takesName ? name.owner : stored.owner,
      takesName ? name.name : stored.name,
      facts.description !== undefined,
      facts.description ?? null,
      facts.stars ?? null,
      facts.forks ?? null,
      facts.defaultBranch ?? null,
      facts.isPrivate ?? null,
    ],
  );
}

/** The order of a list: an expression that is never null, as text the cursor carries, and its direction. */
const SORTS = {
  name: { by: `lower(r.owner) || '/' || lower(r.name)`, type: 'text', direction: 'ASC', after: '>' },
  '-last_scraped_at': { by: `coalesce(r.last_scraped_at, '-infinity')`, type: 'timestamptz', direction: 'DESC', after: '<' },
  '-stars': { by: 'coalesce(r.stars, -1)', type: 'int', direction: 'DESC', after: '<' },
  '-created_at': { by: 'r.created_at', type: 'timestamptz', direction: 'DESC', after: '<' },
} as const;

/** The known repositories with the number of people on their boards (null: never published). `q`: a part of owner/name. */
export async function listRepositories(
  db: Database | Queryable,
  q: { status?: RepositoryStatus; q?: string; sort: keyof typeof SORTS; limit: number; cursor?: string },
): Promise<Page<StoredRepository & { people: number | null }>> {
  const sort = SORTS[q.sort];
  const [after, afterId] = q.cursor === undefined ? [null, null] : decodeCursor(q.cursor, 2);
  const filter = `($1::text IS NULL OR r.status = $1) AND ($2::text IS NULL OR strpos(lower(r.owner || '/' || r.name), lower($2)) > 0)`;
  const filters = [q.status ?? null, q.q ?? null];
  const { rows } = await queryable(db).query<StoredRepository & { people: number | null; sortKey: string }>(
    `SELECT ${REPOSITORY_COLUMNS}, b.people, (${sort.by})::text AS "sortKey"
     FROM repository r LEFT JOIN board b ON b.scope = r.id
     WHERE ${filter} AND ($3::text IS NULL OR (${sort.by}, r.id) ${sort.after} ($3::${sort.type}, $4::bigint))
     ORDER BY ${sort.by} ${sort.direction}, r.id ${sort.direction} LIMIT $5`,
    [...filters, after, afterId, q.limit + 1],
  );
  const counted = await queryable(db).query<{ total: number }>(`SELECT count(*)::int AS total FROM repository r WHERE ${filter}`, filters);
  const page = pageOf(rows, q.limit, counted.rows[0]?.total ?? 0, (last) => encodeCursor([last.sortKey, last.id]));
  // What the cursor needed is no part of a repository.
  for (const row of page.data) Reflect.deleteProperty(row, 'sortKey');
  return page;
}

async function findByGithubId(client: Queryable, githubId: number | null): Promise<StoredRepository | null> {
  if (githubId === null) return null;
  const { rows } = await client.query<StoredRepository>(`SELECT ${REPOSITORY_COLUMNS} FROM repository r WHERE r.github_id = $1`, [
    githubId,
  ]);
  return rows[0] ?? null;
}
