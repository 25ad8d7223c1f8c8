import { queryable, type Database, type Queryable } from './database.ts';
import { shownSql } from './people.ts';

/** A picture as it was kept. Image null: there was none that may be shown. */
export interface StoredAvatar {
  readonly mediaType: string | null;
  readonly image: Buffer | null;
  readonly fetchedAt: Date;
}

/** What is known of an account's picture: whether somebody of this number may be shown here at all, and what was kept of them. */
export async function readAvatar(
  db: Database | Queryable,
  githubId: number,
): Promise<{ readonly isKnown: boolean; readonly stored: StoredAvatar | null }> {
  const { rows } = await queryable(db).query<{ mediaType: string | null; image: Buffer | null; fetchedAt: Date | null }>({
    name: 'read-avatar',
    text: `SELECT a.media_type AS "mediaType", a.image, a.fetched_at AS "fetchedAt"
           FROM github_user u LEFT JOIN avatar a USING (github_id) WHERE u.github_id = $1 AND ${shownSql('u')}`,
    values: [githubId],
  });
  const row = rows[0];
  if (row === undefined) return { isKnown: false, stored: null };
  const { mediaType, image, fetchedAt } = row;
  return { isKnown: true, stored: fetchedAt === null ? null : { mediaType, image, fetchedAt } };
}

/** Keeps a picture of an account that is known here, or that there is none (null). */
export async function storeAvatar(
  db: Database | Queryable,
  githubId: number,
  picture: { readonly mediaType: string; readonly image: Buffer } | null,
): Promise<void> {
  await queryable(db).query(
    `INSERT INTO avatar (github_id, media_type, image)
     SELECT u.github_id, $2, $3 FROM github_user u WHERE u.github_id = $1
     ON CONFLICT (github_id) DO UPDATE SET media_type = excluded.media_type, image = excluded.image, fetched_at = now()`,
    [githubId, picture?.mediaType ?? null, picture?.image ?? null],
  );
}
