import { KIND_CODES, kindOf, SOURCES, SOURCE_NAMES, type ContributionKind, type SourceName } from '../domain/contribution.ts';
import type { Window } from '../domain/window.ts';
import { decodeCursor, encodeCursor, pageOf } from './cursor.ts';
import { queryable, type Database, type Queryable } from './database.ts';
import type { Person } from './people.ts';
import { dayStartSql } from './source-precedence.ts';

/** A contribution on somebody's timeline. */
export interface ActivityRow {
  readonly repositoryId: number;
  readonly owner: string;
  readonly name: string;
  readonly isSample: boolean;
  readonly kind: ContributionKind;
  readonly subject: string;
  readonly occurredAt: Date;
  readonly number: number | null;
  /** Null: not known. */
  readonly quantity: number | null;
  readonly linesAdded: number | null;
  readonly linesDeleted: number | null;
  readonly isEstimate: boolean;
  readonly source: SourceName;
}

const { PR_OPENED, PR_MERGED, PR_REVIEWED } = KIND_CODES;
const SOURCE_OF_CODE = new Map(SOURCE_NAMES.map((name) => [SOURCES[name].code, name]));

/**
 * What a person did, newest first: the contributions boards credit them with, so a merge is on the timeline of the pull request's
 * author, and a review of one's own is on none.
 */
export async function listActivity(
  db: Database | Queryable,
  person: Person,
  q: {
    readonly kinds?: readonly ContributionKind[];
    readonly repositoryId?: number;
    readonly window: Window;
    readonly limit: number;
    readonly cursor?: string;
  },
): Promise<{ readonly data: readonly ActivityRow[]; readonly nextCursor: string | null }> {
  const [at, repositoryId, kind, subject] = q.cursor === undefined ? [null, null, null, null] : decodeCursor(q.cursor, 4);
  const wanted = `e.occurred_at >= ${dayStartSql('$2::date')} AND e.occurred_at < ${dayStartSql('$3::date + 1')}
    AND ($4::smallint[] IS NULL OR e.kind = ANY($4)) AND ($5::bigint IS NULL OR e.repository_id = $5)
    AND ($6::timestamptz IS NULL OR (e.occurred_at, e.repository_id, e.kind, e.subject) < ($6::timestamptz, $7::bigint, $8::smallint, $9::text COLLATE "C"))`;
  const order = 'occurred_at DESC, repository_id DESC, kind DESC, subject COLLATE "C" DESC';
  const mine = (alias: string): string => `${alias} = ANY($1::bigint[])`;
  const { rows } = await queryable(db).query<Omit<ActivityRow, 'kind' | 'source'> & { kind: number; source: number; key: string }>(
    `WITH did AS (
       (SELECT e.* FROM contribution_event e LEFT JOIN pull_request p ON e.kind IN (${PR_OPENED}, ${PR_MERGED}, ${PR_REVIEWED}) AND p.repository_id = e.repository_id AND p.number = e.number
        WHERE ${mine('e.user_id')} AND ${wanted}
          AND CASE e.kind WHEN ${PR_MERGED} THEN p.author_id IS NULL OR ${mine('p.author_id')} WHEN ${PR_REVIEWED} THEN p.author_id IS NULL OR NOT ${mine('p.author_id')} ELSE true END
        ORDER BY ${order} LIMIT $10)
       UNION ALL
       (SELECT e.* FROM pull_request p JOIN contribution_event e ON e.repository_id = p.repository_id AND e.number = p.number
        WHERE ${mine('p.author_id')} AND ${wanted} AND (e.kind = ${PR_MERGED} AND (e.user_id IS NULL OR NOT ${mine('e.user_id')}) OR e.kind = ${PR_OPENED} AND e.user_id IS NULL)
        ORDER BY ${order} LIMIT $10))
     SELECT d.repository_id AS "repositoryId", r.owner, r.name, r.is_sample AS "isSample", d.kind, d.subject, d.occurred_at AS "occurredAt",
       d.number, d.quantity, d.lines_added AS "linesAdded", d.lines_deleted AS "linesDeleted", d.is_estimate AS "isEstimate", d.source,
       d.occurred_at::text AS key
     FROM did d JOIN repository r ON r.id = d.repository_id ORDER BY ${order} LIMIT $10`,
    [
      person.accounts.map(({ id }) => id),
      q.window.since,
      q.window.until,
      q.kinds?.map((wantedKind) => KIND_CODES[wantedKind]) ?? null,
      q.repositoryId ?? null,
      at,
      repositoryId,
      kind,
      subject,
      q.limit + 1,
    ],
  );
  const page = pageOf(rows, q.limit, 0, (last) => encodeCursor([last.key, last.repositoryId, last.kind, last.subject]));
  return {
    nextCursor: page.nextCursor,
    data: page.data.map(({ key: _key, ...row }) => ({
      ...row,
      kind: kindOf(row.kind),
      source: SOURCE_OF_CODE.get(row.source) ?? 'github',
    })),
  };
}
