import {
  ENRICHMENT_FIELDS,
  learn,
  type EnrichmentField,
  type EnrichmentSource,
  type EnrichmentStatus,
  type Finding,
  type KnownField,
  type KnownFields,
  type SourceState,
} from '../domain/enrichment.ts';
import { inTransaction, queryable, type Database, type Queryable } from './database.ts';
import type { EnrichBatchRequest } from './jobs.ts';
import { HIDDEN_PERSONS, shownSql } from './people.ts';

/** What is stored of a person beyond contributions. */
export interface Enrichment {
  readonly status: EnrichmentStatus;
  readonly fields: KnownFields;
  /** How asking each source ended the last time. */
  readonly states: Readonly<Record<string, { readonly state: SourceState; readonly at: string }>>;
  readonly lastEnrichedAt: Date | null;
  readonly error: string | null;
}

/** Parts of a profile that only GitHub knows. */
export interface ProfileFacts {
  readonly displayName: string | null;
  readonly avatarUrl: string | null;
  readonly profileUrl: string | null;
  readonly company: string | null;
  readonly location: string | null;
}

interface Row extends Readonly<Record<EnrichmentField, string | null>> {
  readonly status: EnrichmentStatus;
  readonly sources: Readonly<Record<string, { readonly source: EnrichmentSource; readonly at: string } | undefined>>;
  readonly states: Enrichment['states'];
  readonly lastEnrichedAt: Date | null;
  readonly error: string | null;
}

const COLUMNS = `${ENRICHMENT_FIELDS.join(', ')}, enrichment_status AS status, enrichment_sources AS sources, source_states AS states,
  last_enriched_at AS "lastEnrichedAt", error`;

/** What is known of an account's person (`github_user.id` of the standing account); null when nobody was ever asked. */
export async function enrichmentOf(db: Database | Queryable, userId: number): Promise<Enrichment | null> {
  const { rows } = await queryable(db).query<Row>(`SELECT ${COLUMNS} FROM contributor_enrichment WHERE user_id = $1`, [userId]);
  return rows[0] === undefined ? null : enrichmentOfRow(rows[0]);
}

function enrichmentOfRow({ status, sources, states, lastEnrichedAt, error, ...columns }: Row): Enrichment {
  const fields = ENRICHMENT_FIELDS.flatMap((field): readonly (readonly [EnrichmentField, KnownField])[] => {
    const [value, origin] = [columns[field], sources[field]];
    return value === null || origin === undefined ? [] : [[field, { value, ...origin }]];
  });
  return { status, fields: Object.fromEntries(fields), states, lastEnrichedAt, error };
}

/** The account to ask about: null when there is none (any more), or its person has opted out. */
export async function accountToEnrich(
  db: Database | Queryable,
  userId: number,
): Promise<{ readonly githubId: number; readonly fields: KnownFields } | null> {
  const { rows } = await queryable(db).query<{ githubId: number }>(
    `SELECT u.github_id AS "githubId" FROM github_user u WHERE u.id = $1 AND NOT u.is_sample AND ${shownSql('u')}`,
    [userId],
  );
  const account = rows[0];
  if (account === undefined) return null;
  return { ...account, fields: (await enrichmentOf(db, userId))?.fields ?? {} };
}

/** Marks a person as being asked about. False when there is nobody to ask about, or an unfinished job other than `jobId` does so already. */
export async function beginEnrichment(db: Database | Queryable, userId: number, jobId: string): Promise<boolean> {
  const { rowCount } = await queryable(db).query(
    `INSERT INTO contributor_enrichment AS e (user_id, enrichment_status)
     SELECT u.id, 'RUNNING' FROM github_user u
     WHERE u.id = $1 AND NOT u.is_sample AND ${shownSql('u')}
       AND NOT EXISTS (SELECT FROM scrape_job j WHERE j.job_type = 'ENRICH' AND j.user_id = u.id AND j.id <> $2 AND j.status IN ('QUEUED','RUNNING','RETRYING'))
     ON CONFLICT (user_id) DO UPDATE SET enrichment_status = 'RUNNING', error = NULL`,
    [userId, jobId],
  );
  return rowCount === 1;
}

/**
 * Stores what sources said, each for itself (domain/enrichment.ts). A person who has opted out or was erased meanwhile gets nothing.
 * `facts` of GitHub replace what was stored.
 */
export async function saveFindings(
  db: Database,
  userId: number,
  o: {
    readonly asked: readonly EnrichmentSource[];
    readonly found: readonly Finding[];
    readonly facts?: ProfileFacts;
    /** How asking went, by the name it is shown under. */
    readonly states: Readonly<Record<string, SourceState>>;
  },
): Promise<void> {
  await inTransaction(db, async (client) => {
    const { rows } = await client.query<Row & { now: Date }>(
      `SELECT ${COLUMNS}, now() AS now FROM contributor_enrichment e
       WHERE e.user_id = $1 AND e.user_id NOT IN (SELECT u.id FROM github_user u WHERE u.person_id IN (${HIDDEN_PERSONS})) FOR UPDATE`,
      [userId],
    );
    const row = rows[0];
    if (row === undefined) return;
    const at = row.now.toISOString();
    const known = learn(enrichmentOfRow(row).fields, o.asked, o.found, at);
    const sources = Object.fromEntries(ENRICHMENT_FIELDS.flatMap((field) => originOf(field, known[field])));
    const states = Object.fromEntries(Object.entries(o.states).map(([name, state]) => [name, { state, at }]));
    await client.query(
      `UPDATE contributor_enrichment SET ${ENRICHMENT_FIELDS.map((field, index) => `${field} = $${index + 4}`).join(', ')},
         enrichment_sources = $2, source_states = source_states || $3 WHERE user_id = $1`,
      [userId, JSON.stringify(sources), JSON.stringify(states), ...ENRICHMENT_FIELDS.map((field) => known[field]?.value ?? null)],
    );
    if (o.facts === undefined) return;
    const { displayName, avatarUrl, profileUrl, company, location } = o.facts;
    await client.query(
      `UPDATE github_user SET display_name = $2, avatar_url = $3, profile_url = $4, company = $5, location = $6
       WHERE id = $1 AND (display_name, avatar_url, profile_url, company, location) IS DISTINCT FROM ($2, $3, $4, $5, $6)`,
      [userId, displayName, avatarUrl, profileUrl, company, location],
    );
  });
}

function originOf(field: EnrichmentField, known: KnownField | undefined): readonly (readonly [string, unknown])[] {
  return known === undefined ? [] : [[field, { source: known.source, at: known.at }]];
}

/** Writes down how asking about a person ended. `error`: why it FAILED, without names. */
export async function endEnrichment(
  db: Database | Queryable,
  userId: number,
  o: { readonly status: EnrichmentStatus; readonly error: string | null },
): Promise<void> {
  await queryable(db).query(
    `UPDATE contributor_enrichment SET enrichment_status = $2, error = $3,
       last_enriched_at = CASE WHEN $2 IN ('COMPLETED','PARTIAL') THEN now() ELSE last_enriched_at END WHERE user_id = $1`,
    [userId, o.status, o.error],
  );
}

/** The people a batch is about: of the first `top` people of the global board those whom nobody asked about for `staleAfterDays`, best first. */
export async function choosePeopleToEnrich(
  db: Database | Queryable,
  { top, staleAfterDays }: EnrichBatchRequest,
): Promise<readonly number[]> {
  const { rows } = await queryable(db).query<{ id: number }>(
    `SELECT u.id FROM board b JOIN global_leaderboard l ON l.version = b.version AND l.position <= $1
     JOIN github_user u ON u.id = l.person_id LEFT JOIN contributor_enrichment e ON e.user_id = u.id
     WHERE b.scope = 0 AND NOT u.is_sample AND ${shownSql('u')}
       AND (e.last_enriched_at IS NULL OR e.last_enriched_at < now() - make_interval(days => $2))
     ORDER BY l.position`,
    [top, staleAfterDays],
  );
  return rows.map(({ id }) => id);
}
