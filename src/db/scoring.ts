import {
  CAPPABLE,
  decimalOf,
  pointsOf,
  SCORED,
  SCORED_NAMES,
  type Cappable,
  type Points,
  type Scored,
  type Scoring,
  type ScoringOptions,
} from '../domain/scoring.ts';
import { decodeCursor, encodeCursor, pageOf, type Page } from './cursor.ts';
import { queryable, type Database, type Queryable } from './database.ts';

/** A scoring version as it is stored. */
export interface StoredScoring extends Scoring {
  readonly createdAt: Date;
  /** Who saved it; `laurels`: the migration did. */
  readonly createdBy: string | null;
  readonly note: string | null;
}

/** The scoring that boards are made with; before there are any, the newest. A newer one takes over with the rebuild that follows it. */
export async function currentScoring(db: Database | Queryable): Promise<StoredScoring> {
  return oneOf(await readScorings(db, 'current', 'v.version = (SELECT max(b.scoring_version) FROM board b)'), () => newestScoring(db));
}

/** The scoring that was saved last: boards have it, or are about to. */
export async function newestScoring(db: Database | Queryable): Promise<StoredScoring> {
  return oneOf(await readScorings(db, 'newest', 'true ORDER BY v.version DESC LIMIT 1'), () => {
    throw new Error('The database has no scoring version: it was not migrated');
  });
}

/** The scoring of a version; of one that is not there the newest. */
export async function scoringOf(db: Database | Queryable, version: number): Promise<StoredScoring> {
  return oneOf(await readScorings(db, 'of-version', 'v.version = $1', [version]), () => newestScoring(db));
}

/** The scoring of a version, or null. */
export async function findScoring(db: Database | Queryable, version: number): Promise<StoredScoring | null> {
  const [scoring] = await readScorings(db, 'of-version', 'v.version = $1', [version]);
  return scoring ?? null;
}

/** Versions, newest first, each with the one before it (null: it is the first). */
export async function listScorings(
  db: Database | Queryable,
  q: { limit: number; cursor?: string },
): Promise<Page<{ readonly scoring: StoredScoring; readonly before: StoredScoring | null }>> {
  const [after] = q.cursor === undefined ? [null] : decodeCursor(q.cursor, 1);
  // One more to tell whether there is a next page, and to compare the last one with.
  const rows = await readScorings(db, 'history', '($1::int IS NULL OR v.version < $1) ORDER BY v.version DESC LIMIT $2', [
    after,
    q.limit + 1,
  ]);
  const counted = await queryable(db).query<{ total: number }>('SELECT count(*)::int AS total FROM scoring_version');
  const compared = rows.map((scoring, index) => ({ scoring, before: rows[index + 1] ?? null }));
  return pageOf(compared, q.limit, counted.rows[0]?.total ?? 0, (last) => encodeCursor([last.scoring.version]));
}

/** `condition` reads `v`, of scoring_version; `name` stands for its text. */
async function readScorings(
  db: Database | Queryable,
  name: string,
  condition: string,
  values: readonly unknown[] = [],
): Promise<readonly StoredScoring[]> {
  const { rows } = await queryable(db).query<{
    version: number;
    cap: string;
    options: unknown;
    createdAt: Date;
    createdBy: string | null;
    note: string | null;
    weights: Record<string, string>;
  }>({
    name: `scoring-${name}`,
    text: `SELECT v.version, v.line_bonus_cap::text AS cap, v.options, v.created_at AS "createdAt", v.created_by AS "createdBy", v.note,
             (SELECT jsonb_object_agg(w.event_type, w.base_points::text) FROM scoring_weight w WHERE w.version = v.version) AS weights
           FROM scoring_version v WHERE ${condition}`,
    values: [...values],
  });
  return rows.map(({ cap, options, weights, ...row }) => ({
    ...row,
    weights: Object.fromEntries(SCORED_NAMES.map((name_) => [name_, pointsOf(weights[name_] ?? '0')])) as Record<Scored, Points>,
    lineBonusCap: pointsOf(cap),
    options: optionsOf(options),
  }));
}

async function oneOf(scorings: readonly StoredScoring[], otherwise: () => Promise<StoredScoring>): Promise<StoredScoring> {
  return scorings[0] ?? (await otherwise());
}

/** Options as they are stored; what is left out is off. */
interface OptionsRow {
  readonly coauthor_credit?: boolean;
  readonly daily_caps?: Readonly<Record<string, number>>;
  readonly concave_lines?: boolean;
}

function optionsOf(stored: unknown): ScoringOptions {
  const { coauthor_credit = false, daily_caps = {}, concave_lines = false } = stored as OptionsRow;
  const capped = CAPPABLE.filter((kind) => typeof daily_caps[kind] === 'number');
  const dailyCaps = Object.fromEntries(capped.map((kind) => [kind, daily_caps[kind]])) as Partial<Record<Cappable, number>>;
  return { coauthorCredit: coauthor_credit, dailyCaps, concaveLines: concave_lines };
}

/**
 * Writes a new version with its weights; boards follow with `rebuildGlobalBoard`.
 * @throws the database's unique violation when the version exists already.
 */
export async function saveScoring(db: Queryable, scoring: Scoring, by: string, note: string | null): Promise<void> {
  const { coauthorCredit, dailyCaps, concaveLines } = scoring.options;
  const options: OptionsRow = { coauthor_credit: coauthorCredit, daily_caps: dailyCaps, concave_lines: concaveLines };
  await db.query(`INSERT INTO scoring_version (version, line_bonus_cap, options, created_by, note) VALUES ($1, $2, $3, $4, $5)`, [
    scoring.version,
    decimalOf(scoring.lineBonusCap),
    JSON.stringify(options),
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
