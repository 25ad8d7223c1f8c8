import { KIND_CODES } from '../../domain/contribution.ts';
import { SCORED, SCORED_KINDS, type Scored } from '../../domain/scoring.ts';
import type { Invariant, Looking } from './invariant.ts';
import { COUNTED, HIDDEN, intSum, utcDay } from './recount.ts';

/*
 * Boards follow from contributions: days from contributions, counts from contributions, scores from counts and weights, ranks from
 * scores, the global board from the boards of repositories. Each step is checked by itself, so that what is broken is named.
 */

const { PR_MERGED, COMMIT_COAUTHOR } = KIND_CODES;
const LINE_KINDS = ['LINES_ADDED', 'LINES_DELETED'] as const;
/** Bits of `unknown_kinds` beside the codes of kinds. */
const LINE_BITS = { LINES_ADDED: 1 << 11, LINES_DELETED: 1 << 12 } as const;
const COLUMNS = [...SCORED_KINDS, ...LINE_KINDS].map((name) => SCORED[name].column);

/** The rows of the boards that readers see. */
const SHOWN = `FROM board b JOIN repository_leaderboard l
  ON l.scoring_version = b.scoring_version AND l.repository_id = b.scope AND l.version = b.version WHERE b.scope <> 0`;
const SHOWN_GLOBAL = 'FROM board b JOIN global_leaderboard l ON l.version = b.version WHERE b.scope = 0';
const COUNT_SHOWN = `SELECT count(*) ${SHOWN}`;

/** The rules of every scoring version, a column for each weight. */
const RULES = `
  SELECT v.version, v.line_bonus_cap AS cap, coalesce((v.options->>'concave_lines')::boolean, false) AS is_concave,
    coalesce((v.options->>'coauthor_credit')::boolean, false) AS credits_coauthors, coalesce(v.options->'daily_caps', '{}') AS caps,
    ${Object.keys(SCORED)
      .map((name) => `coalesce(max(w.base_points) FILTER (WHERE w.event_type = '${name}'), 0) AS "${name}"`)
      .join(', ')}
  FROM scoring_version v JOIN scoring_weight w ON w.version = v.version GROUP BY v.version, v.line_bonus_cap, v.options`;

/** SQL of the points that lines earn: cut at the cap, or on the curve. */
function bonus(earned: string): string {
  return `CASE WHEN NOT r.is_concave THEN least(${earned}, r.cap) WHEN r.cap = 0 THEN 0
    ELSE round(r.cap * (1 - exp(-least((${earned})::numeric(60,30) / r.cap, 50))), 4) END`;
}

const days: Invariant = {
  name: 'days',
  promise: 'Days equal a recount from contributions, pull requests, merges of people and opt-outs',
  unit: 'days of people',
  checked: 'SELECT count(*) FROM contribution_day',
  violations: `
    WITH ${COUNTED},
    recount AS (
      SELECT repository_id, person_id, ${utcDay('occurred_at')} AS day, kind, ${intSum('quantity')} AS quantity, count(*) - count(quantity) AS unknown,
        count(*) FILTER (WHERE kind = ${PR_MERGED} AND (lines_added IS NULL OR lines_deleted IS NULL)) AS lines_unknown,
        sum(lines_added) AS lines_added, sum(lines_deleted) AS lines_deleted, min(occurred_at) AS first_at, max(occurred_at) AS last_at
      FROM counted WHERE person_id IS NOT NULL AND person_id NOT IN (${HIDDEN}) GROUP BY 1, 2, 3, 4)
    SELECT repository_id, person_id, day, kind, to_jsonb(d) AS stored, to_jsonb(n) AS expected
    FROM contribution_day d FULL JOIN recount n USING (repository_id, person_id, day, kind)
    WHERE d.unknown IS NULL OR n.unknown IS NULL
      OR (d.quantity, d.unknown, d.lines_unknown, d.lines_added, d.lines_deleted, d.first_at, d.last_at)
        IS DISTINCT FROM (n.quantity, n.unknown, n.lines_unknown, n.lines_added, n.lines_deleted, n.first_at, n.last_at)`,
};

/** A count of a board: what is known of it; nothing known beside something unknown is unknown. */
const recounted = [
  ...SCORED_KINDS.map((name) => ({ name, bit: 1 << KIND_CODES[name], known: intSum('c.quantity', `c.kind = ${KIND_CODES[name]}`) })),
  ...LINE_KINDS.map((name) => ({ name, bit: LINE_BITS[name], known: `sum(c.${SCORED[name].column})` })),
] satisfies readonly { readonly name: Scored; readonly bit: number; readonly known: string }[];

const counts: Invariant = {
  name: 'board-counts',
  promise: "Counts of every repository's board equal a recount from contributions",
  unit: 'rows of boards',
  checked: COUNT_SHOWN,
  violations: `
    WITH ${COUNTED}, rule AS (${RULES}),
    known AS (
      SELECT c.repository_id, c.person_id,
        ${recounted.map(({ name, known }) => `${known} AS ${SCORED[name].column}`).join(', ')},
        bit_or(CASE WHEN c.quantity IS NULL THEN 1 << c.kind ELSE 0 END | CASE WHEN c.kind = ${PR_MERGED} AND (c.lines_added IS NULL OR c.lines_deleted IS NULL)
          THEN ${LINE_BITS.LINES_ADDED | LINE_BITS.LINES_DELETED} ELSE 0 END) AS unknown_kinds,
        min(c.occurred_at) AS first_contribution_at, max(c.occurred_at) AS last_contribution_at
      FROM counted c JOIN board b ON b.scope = c.repository_id JOIN rule r ON r.version = b.scoring_version
      WHERE c.person_id IS NOT NULL AND c.person_id NOT IN (${HIDDEN}) AND (c.kind <> ${COMMIT_COAUTHOR} OR r.credits_coauthors)
        AND c.occurred_at >= b.window_since::timestamp AT TIME ZONE 'UTC' AND c.occurred_at < (b.window_until + 1)::timestamp AT TIME ZONE 'UTC'
      GROUP BY c.repository_id, c.person_id),
    recount AS (
      SELECT repository_id, person_id,
        ${recounted.map(({ name, bit }) => `CASE WHEN ${SCORED[name].column} IS NULL AND unknown_kinds & ${bit} = 0 THEN 0 ELSE ${SCORED[name].column} END AS ${SCORED[name].column}`).join(', ')},
        unknown_kinds, first_contribution_at, last_contribution_at
      FROM known),
    shown AS (SELECT l.repository_id, l.person_id, ${COLUMNS.map((column) => `l.${column}`).join(', ')}, l.unknown_kinds, l.first_contribution_at, l.last_contribution_at ${SHOWN})
    SELECT repository_id, person_id, to_jsonb(s) AS stored, to_jsonb(n) AS expected
    FROM shown s FULL JOIN recount n USING (repository_id, person_id)
    WHERE (${[...COLUMNS, 'unknown_kinds', 'first_contribution_at', 'last_contribution_at'].map((column) => `s.${column}`).join(', ')})
      IS DISTINCT FROM (${[...COLUMNS, 'unknown_kinds', 'first_contribution_at', 'last_contribution_at'].map((column) => `n.${column}`).join(', ')})`,
};

const scores: Invariant = {
  name: 'board-scores',
  promise: 'Scores equal weight x count plus the line bonus, with the scoring that the board names (where no rule needs single days)',
  unit: 'rows of boards',
  checked: COUNT_SHOWN,
  violations: `
    WITH rule AS (${RULES}),
    priced AS (
      SELECT l.repository_id, l.person_id, l.total_score AS stored_score,
        ${SCORED_KINDS.map((name) => `coalesce(l.${SCORED[name].column}, 0) * r."${name}"`).join(' + ')}
          + ${bonus(LINE_KINDS.map((name) => `coalesce(l.${SCORED[name].column}, 0) * r."${name}"`).join(' + '))} AS expected_score
      FROM board b JOIN repository_leaderboard l ON l.scoring_version = b.scoring_version AND l.repository_id = b.scope AND l.version = b.version
      JOIN rule r ON r.version = b.scoring_version AND NOT r.credits_coauthors AND r.caps = '{}' WHERE b.scope <> 0)
    SELECT * FROM priced WHERE stored_score IS DISTINCT FROM expected_score`,
};

const receipts: Invariant = {
  name: 'receipts',
  promise: "Receipts, summed from people's days with the rules of the scoring, sum to the scores of boards",
  unit: 'receipts',
  checked: COUNT_SHOWN,
  violations: `
    WITH rule AS (${RULES}),
    worth AS (
      SELECT version, kind.code, CASE kind.name ${SCORED_KINDS.map((name) => `WHEN '${name}' THEN "${name}"`).join(' ')} WHEN 'COMMIT_COAUTHOR' THEN "COMMIT" END AS points,
        (caps->>kind.name)::int AS cap_per_day
      FROM rule CROSS JOIN (VALUES ${[...SCORED_KINDS, 'COMMIT_COAUTHOR' as const].map((name) => `('${name}', ${KIND_CODES[name]})`).join(', ')}) AS kind (name, code)
      WHERE kind.name <> 'COMMIT_COAUTHOR' OR credits_coauthors),
    summed AS (
      SELECT d.repository_id, d.person_id, b.scoring_version,
        sum(CASE WHEN d.quantity > w.cap_per_day THEN w.cap_per_day ELSE coalesce(d.quantity, 0) END * w.points) AS points,
        sum(coalesce(d.lines_added, 0)) AS added, sum(coalesce(d.lines_deleted, 0)) AS deleted
      FROM contribution_day d JOIN board b ON b.scope = d.repository_id JOIN worth w ON w.version = b.scoring_version AND w.code = d.kind
      WHERE d.day >= b.window_since AND d.day <= b.window_until GROUP BY 1, 2, 3),
    receipt AS (
      SELECT s.repository_id, s.person_id, s.points + ${bonus('s.added * r."LINES_ADDED" + s.deleted * r."LINES_DELETED"')} AS total
      FROM summed s JOIN rule r ON r.version = s.scoring_version),
    shown AS (SELECT l.repository_id, l.person_id, l.total_score ${SHOWN})
    SELECT repository_id, person_id, s.total_score AS stored_score, n.total AS receipt
    FROM shown s FULL JOIN receipt n USING (repository_id, person_id) WHERE s.total_score IS DISTINCT FROM n.total`,
};

/**
 * A login may have changed since the board was ranked: then equals stand in the order of before until the next ranking. Only people who
 * were never seen under another login are held to the order of today.
 */
const SAME_LOGIN = `NOT EXISTS (SELECT FROM user_alias a WHERE a.user_id = u.id AND a.login_lc <> lower(u.username))`;

/** SQL of wrong ranks among rows of `ranking`: board, person_id, rank, position, total_score, kind, login, has_one_login. */
const WRONG_RANKS = `
  SELECT board, person_id, rank AS stored_rank, expected_rank, position
  FROM (
    SELECT *, CASE WHEN kind = 'human' THEN rank() OVER ranks END AS expected_rank,
      CASE WHEN kind = 'human' THEN row_number() OVER (PARTITION BY board, kind = 'human' ORDER BY total_score DESC, position) END AS expected_position,
      lag(login) OVER equals AS login_before, lag(has_one_login) OVER equals AS had_one_login
    FROM ranking WINDOW ranks AS (PARTITION BY board, kind = 'human' ORDER BY total_score DESC), equals AS (PARTITION BY board, total_score, kind = 'human' ORDER BY position)
  ) AS r
  WHERE rank IS DISTINCT FROM expected_rank OR position IS DISTINCT FROM expected_position
    OR (kind = 'human' AND has_one_login AND had_one_login AND login_before > login)`;

const ranks: Invariant = {
  name: 'board-ranks',
  promise: "Ranks of repositories' boards are 1, 2, 2, 4 by score among humans, equals in the order of logins, and the board says how many",
  unit: 'rows of boards',
  checked: `SELECT count(*) FROM board b JOIN repository_leaderboard l ON l.scoring_version = b.scoring_version AND l.repository_id = b.scope AND l.version = b.version
    WHERE b.scope <> 0 AND b.identity_version = (SELECT value::text::bigint FROM setting WHERE name = 'identity_version')`,
  violations: `
    WITH ranking AS (
      SELECT l.repository_id AS board, l.person_id, l.rank, l.position, l.total_score, u.kind, lower(u.username) COLLATE "C" AS login, ${SAME_LOGIN} AS has_one_login
      FROM board b JOIN repository_leaderboard l ON l.scoring_version = b.scoring_version AND l.repository_id = b.scope AND l.version = b.version
      JOIN github_user u ON u.id = l.person_id
      WHERE b.scope <> 0 AND b.identity_version = (SELECT value::text::bigint FROM setting WHERE name = 'identity_version'))
    ${WRONG_RANKS}
    UNION ALL
    SELECT b.scope, NULL, b.people, count(l.rank), NULL
    FROM board b LEFT JOIN repository_leaderboard l ON l.scoring_version = b.scoring_version AND l.repository_id = b.scope AND l.version = b.version
    WHERE b.scope <> 0 GROUP BY b.scope, b.people HAVING b.people <> count(l.rank)`,
};

/** SQL: the global board was made of just the boards there are, with the people there are. */
const GLOBAL_FOLLOWS = `EXISTS (
  SELECT FROM board g WHERE g.scope = 0 AND g.fingerprint = sha256(convert_to(concat_ws('|', g.scoring_version, g.window_until,
    (SELECT value FROM setting WHERE name = 'identity_version'),
    (SELECT string_agg(concat_ws(':', scope, version), ',' ORDER BY scope) FROM board WHERE scope <> 0)), 'UTF8')))`;
const UNLESS_GLOBAL_FOLLOWS = `CASE WHEN NOT EXISTS (SELECT FROM board WHERE scope = 0) THEN 'there is no global board yet'
  WHEN NOT ${GLOBAL_FOLLOWS} THEN 'the global board waits for its next rebuild' END`;

const globalSums: Invariant = {
  name: 'global-sums',
  promise: "The global board is the sum of the repositories' boards, person by person, and of no other people",
  unit: 'rows of the global board',
  checked: `SELECT count(*) ${SHOWN_GLOBAL}`,
  unless: UNLESS_GLOBAL_FOLLOWS,
  violations: `
    WITH summed AS (
      SELECT l.person_id, sum(l.total_score) AS total_score, ${COLUMNS.map((column) => `sum(l.${column}) AS ${column}`).join(', ')},
        bit_or(l.unknown_kinds) AS unknown_kinds, min(l.first_contribution_at) AS first_contribution_at,
        max(l.last_contribution_at) AS last_contribution_at, count(*) AS repositories_contributed
      ${SHOWN} GROUP BY l.person_id),
    expected AS (
      SELECT person_id, total_score, unknown_kinds, first_contribution_at, last_contribution_at, repositories_contributed,
        ${recounted
          .map(({ name, bit }) => {
            const { column } = SCORED[name];
            const most = name === 'LINES_ADDED' || name === 'LINES_DELETED' ? column : `least(${column}, 2147483647)`;
            return `CASE WHEN coalesce(${column}, 0) = 0 AND unknown_kinds & ${bit} <> 0 THEN NULL ELSE ${most} END AS ${column}`;
          })
          .join(', ')}
      FROM summed),
    shown AS (SELECT l.* ${SHOWN_GLOBAL})
    SELECT person_id, to_jsonb(s) - 'version' - 'rank' - 'position' AS stored, to_jsonb(n) AS expected
    FROM shown s FULL JOIN expected n USING (person_id)
    WHERE (${globalColumns('s')}) IS DISTINCT FROM (${globalColumns('n')})`,
};

function globalColumns(alias: string): string {
  return ['total_score', ...COLUMNS, 'unknown_kinds', 'first_contribution_at', 'last_contribution_at', 'repositories_contributed']
    .map((column) => `${alias}.${column}`)
    .join(', ');
}

const globalRanks: Invariant = {
  name: 'global-ranks',
  promise: 'Ranks of the global board are 1, 2, 2, 4 by score among humans, equals in the order of logins, and the board says how many',
  unit: 'rows of the global board',
  checked: `SELECT count(*) ${SHOWN_GLOBAL}`,
  unless: UNLESS_GLOBAL_FOLLOWS,
  violations: `
    WITH ranking AS (
      SELECT 0::bigint AS board, l.person_id, l.rank, l.position, l.total_score, u.kind, lower(u.username) COLLATE "C" AS login, ${SAME_LOGIN} AS has_one_login
      FROM board b JOIN global_leaderboard l ON l.version = b.version JOIN github_user u ON u.id = l.person_id WHERE b.scope = 0)
    ${WRONG_RANKS}
    UNION ALL
    SELECT 0, NULL, b.people, (SELECT count(l.rank) FROM global_leaderboard l WHERE l.version = b.version), NULL
    FROM board b WHERE b.scope = 0 AND b.people <> (SELECT count(l.rank) FROM global_leaderboard l WHERE l.version = b.version)`,
};

const oneScoring: Invariant = {
  name: 'one-scoring',
  promise: 'A global board and the boards it sums have one window and one scoring',
  unit: 'boards',
  checked: 'SELECT count(*) FROM board',
  unless: UNLESS_GLOBAL_FOLLOWS,
  violations: `
    SELECT b.scope AS board, b.scoring_version, b.window_since, b.window_until FROM board b JOIN board g ON g.scope = 0
    WHERE b.scope <> 0 AND (b.scoring_version, b.window_since, b.window_until) <> (g.scoring_version, g.window_since, g.window_until)`,
};

/** The rebuild runs every half hour beside those that are asked for; of boards that wait longer nobody takes care. */
const LONGEST_WAIT = `interval '1 hour'`;

function upToDate({ isSettled, isRunning }: Looking): Invariant {
  const overdue = isSettled
    ? 'true'
    : isRunning
      ? `greatest((SELECT max(last_scraped_at) FROM repository), (SELECT max(created_at) FROM scoring_version), (SELECT max(at) FROM identity_change)) < now() - ${LONGEST_WAIT}`
      : 'false';
  return {
    name: 'boards-follow',
    promise: `Boards have followed the last publish, the last change of people and the newest scoring${isSettled ? '' : ' within an hour'}`,
    unit: 'boards',
    checked: 'SELECT count(*) FROM board',
    violations: `
      WITH behind AS (
        SELECT r.id AS board, CASE WHEN b.scope IS NULL THEN 'it was published and has none' ELSE 'it is not made of what is stored' END AS reason
        FROM repository r LEFT JOIN board b ON b.scope = r.id
        WHERE r.last_scraped_at IS NOT NULL AND (b.scope IS NULL OR b.fingerprint <> sha256(convert_to(concat_ws('|', r.id, r.rollup_version,
          (SELECT max(version) FROM scoring_version), (SELECT value FROM setting WHERE name = 'identity_version'), b.window_since, b.window_until), 'UTF8')))
        UNION ALL
        SELECT 0, 'the global board is not made of the boards there are' WHERE EXISTS (SELECT FROM board) AND NOT ${GLOBAL_FOLLOWS})
      SELECT * FROM behind WHERE ${overdue}`,
  };
}

const hidden: Invariant = {
  name: 'hidden-people',
  promise: 'People who have opted out are in no day and on no board',
  unit: 'hidden people',
  checked: `SELECT count(*) FROM (${HIDDEN}) AS h`,
  violations: `
    WITH h AS (SELECT DISTINCT person_id FROM (${HIDDEN}) AS hidden)
    SELECT 'contribution_day' AS found_in, d.repository_id AS board, d.person_id FROM contribution_day d JOIN h USING (person_id)
    UNION ALL SELECT 'repository_leaderboard', l.repository_id, l.person_id FROM repository_leaderboard l JOIN h USING (person_id)
    UNION ALL SELECT 'global_leaderboard', 0, l.person_id
      FROM board b JOIN global_leaderboard l ON l.version IN (b.version, b.previous_version) JOIN h USING (person_id) WHERE b.scope = 0`,
};

/** What holds of boards. */
export function boardInvariants(looking: Looking): readonly Invariant[] {
  return [days, counts, scores, receipts, ranks, globalSums, globalRanks, oneScoring, upToDate(looking), hidden];
}
