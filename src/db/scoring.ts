import { decimalOf, pointsOf, SCORED, SCORED_NAMES, type Points, type Scored, type Scoring } from '../domain/scoring.ts';
import { queryable, type Database, type Queryable } from './database.ts';

/** A scoring version as it is stored. */
export interface StoredScoring extends Scoring {
  readonly createdAt: Date;
  readonly note: string | null;
}

/** The weights in force. */
export async function currentScoring(db: Database | Queryable): Promise<StoredScoring> {
  return readScoring(db, null);
}

/** The weights of a version; of one that is not there any more those in force. */
export async function scoringOf(db: Database | Queryable, version: number): Promise<StoredScoring> {
  return readScoring(db, version);
}

async function readScoring(db: Database | Queryable, version: number | null): Promise<StoredScoring> {
  const { rows } = await queryable(db).query<{
    version: number;
    cap: string;
    createdAt: Date;
    note: string | null;
    weights: Record<string, string>;
  }>({
    name: 'scoring',
    text: `SELECT v.version, v.line_bonus_cap::text AS cap, v.created_at AS "createdAt", v.note,
             (SELECT jsonb_object_agg(w.event_type, w.base_points::text) FROM scoring_weight w WHERE w.version = v.version) AS weights
           FROM scoring_version v ORDER BY v.version = $1 DESC NULLS LAST, v.version DESC LIMIT 1`,
    values: [version],
  });
  const current = rows[0];
  if (current === undefined) throw new Error('The database has no scoring version: it was not migrated');
  const weights = Object.fromEntries(SCORED_NAMES.map((name) => [name, pointsOf(current.weights[name] ?? '0')])) as Record<Scored, Points>;
  return { version: current.version, weights, lineBonusCap: pointsOf(current.cap), createdAt: current.createdAt, note: current.note };
}

/**
 * Writes a new version with its weights; boards follow with `rescoreAll`.
 * @throws the database's unique violation when the version exists already.
 */
export async function saveScoring(db: Queryable, scoring: Scoring, by: string, note: string | null): Promise<void> {
  await db.query(`INSERT INTO scoring_version (version, line_bonus_cap, created_by, note) VALUES ($1, $2, $3, $4)`, [
    scoring.version,
    decimalOf(scoring.lineBonusCap),
    by,
    note,
  ]);
  await db.query(
    `INSERT INTO scoring_weight (version, event_type, base_points, description)
     SELECT $1, * FROM unnest($2::text[], $3::numeric[], $4::text[])`,
    [
      scoring.version,
      SCORED_NAMES,
      SCORED_NAMES.map((name) => decimalOf(scoring.weights[name])),
      SCORED_NAMES.map((name) => SCORED[name].description),
    ],
  );
}
