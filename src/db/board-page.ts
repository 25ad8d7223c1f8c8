import { createHash } from 'node:crypto';
import type { AccountKind } from '../domain/account-kind.ts';
import { SCORED, type Scored } from '../domain/scoring.ts';
import type { Day } from '../domain/window.ts';
import { factsSql, type FactRow } from './board-figures.ts';
import type { Bind } from './board-ranking.ts';
import type { Place } from './board-cursor.ts';
import { queryable, type Database, type Queryable } from './database.ts';

/** What a board is in the order of: a figure, best first, or (null) its ranks. */
export type BoardSort = Scored | 'total_score' | 'last_contribution_at';

/** A row of a page with its person and what the next page needs to know of it. */
export interface PageRow extends FactRow {
  readonly person_id: number;
  readonly rank: number;
  readonly position: number | null;
  readonly repositories_contributed: number | null;
  readonly github_id: number;
  readonly username: string;
  readonly display_name: string | null;
  readonly avatar_url: string | null;
  readonly kind: AccountKind;
  readonly sort_key: string | null;
  readonly score_key: string;
  readonly login_key: string;
  readonly rank_then: number | null;
  readonly was_ranked: boolean | null;
  /** People found, over all pages; null where the stored board knows. */
  readonly total: number | null;
  /** What the ranking was made of; null where that can't change. */
  readonly data: string | null;
}

/** What a page is cut from and where. */
export interface PageQuery {
  /** The ranking: rows with rank and position when they are stored, without when they are to be made. */
  readonly ranking: string;
  readonly isStored: boolean;
  /** SQL of the rows of `people`, where the ranking has scores alone; null: it has everything. */
  readonly factsOf: ((people: string) => string) | null;
  readonly q: string | undefined;
  readonly sort: BoardSort | undefined;
  readonly limit: number | 'all';
  readonly after: Place | null;
  /** The page has this person in its middle. */
  readonly around: number | null;
  /** SQL of `person_id, rank, was_ranked` of seven days earlier, for the people of `page`; null: nothing to compare with. */
  readonly earlier: string | null;
  /** SQL of what the ranking is made of, read in the same moment. */
  readonly data: string | null;
}

/**
 * Reads a page. Stored places are gone to directly, in time that does not grow with the page's number. A ranking made now is cut by
 * score first: names, which only order equals, are looked up for the rows of the page and their equals.
 */
export async function readPage(db: Database | Queryable, values: unknown[], o: PageQuery): Promise<readonly PageRow[]> {
  const bind: Bind = (value) => `$${values.push(value)}`;
  const figure = figureOf(o.sort);
  const shown =
    o.factsOf === null
      ? ''
      : `, shown AS (SELECT s.person_id, s.rank, s.position, ${factsSql('f')}, f.repositories_contributed, s.total
          FROM page s JOIN (${o.factsOf('SELECT q.person_id FROM page q')}) AS f ON f.person_id = s.person_id)`;
  const text = `WITH ${o.isStored ? storedPage(o, bind, figure) : madePage(o, bind, figure)}${shown}
    SELECT p.*, u.github_id, u.username, u.display_name, u.avatar_url, u.kind, lower(u.username) AS login_key, p.total_score::text AS score_key,
      ${figure === null ? 'NULL::text' : `${figure.of('p')}::text`} AS sort_key,
      ${o.earlier === null ? 'NULL::int AS rank_then, NULL::boolean AS was_ranked' : 't.rank AS rank_then, t.was_ranked'},
      ${o.data ?? 'NULL::text'} AS data
    FROM ${o.factsOf === null ? 'page' : 'shown'} p JOIN github_user u ON u.id = p.person_id
    ${o.earlier === null ? '' : `LEFT JOIN (${o.earlier}) AS t ON t.person_id = p.person_id`}
    ORDER BY ${figure === null ? '' : `${figure.of('p')} DESC, `}${o.isStored ? 'p.position' : 'p.total_score DESC, lower(u.username) COLLATE "C", p.person_id'}`;
  // Prepared once per connection: the same text always has the same name.
  const name = `board-${createHash('sha1').update(text).digest('base64url')}`;
  const { rows } = await queryable(db).query<PageRow>({ ...(o.isStored ? { name } : {}), text, values });
  return rows;
}

interface Figure {
  readonly of: (alias: string) => string;
  readonly type: string;
}

/** The figure a board is sorted by instead of its ranks. */
function figureOf(sort: BoardSort | undefined): Figure | null {
  if (sort === undefined || sort === 'total_score') return null;
  if (sort === 'last_contribution_at') return { of: (alias) => `${alias}.last_contribution_at`, type: 'timestamptz' };
  return { of: (alias) => `coalesce(${alias}.${SCORED[sort].column}, -1)::bigint`, type: 'bigint' };
}

const found = (q: string | undefined, from: string, bind: Bind): string =>
  q === undefined
    ? `SELECT r.* FROM ${from} AS r`
    : `SELECT r.* FROM ${from} AS r JOIN github_user f ON f.id = r.person_id, lower(${bind(q)}) AS wanted
       WHERE strpos(lower(f.username), wanted) > 0 OR strpos(lower(f.display_name), wanted) > 0`;

const limited = (limit: number | 'all', bind: Bind): string => (limit === 'all' ? '' : `LIMIT ${bind(limit + 1)}`);

/** The rows from about half a page above a person on; of a page that holds nobody else the person's own. */
function aroundSql(order: string, { around, limit }: PageQuery, bind: Bind): string {
  const above = limit === 'all' ? 0 : Math.floor(limit / 2);
  return `placed AS (SELECT c.*, row_number() OVER (ORDER BY ${order}) AS place FROM named c),
    page AS (SELECT c.* FROM placed c WHERE c.place >= (SELECT m.place FROM placed m WHERE m.person_id = ${bind(around)}) - ${above} ORDER BY c.place ${limited(limit, bind)})`;
}

function storedPage(o: PageQuery, bind: Bind, figure: Figure | null): string {
  const isPlain = figure === null && o.q === undefined;
  const source = `(${o.ranking})`;
  const total = o.q === undefined ? 'NULL::int' : '(count(*) OVER ())::int';
  const order = (alias: string): string => `${figure === null ? '' : `${figure.of(alias)} DESC, `}${alias}.position`;
  if (o.around !== null && !isPlain) {
    return `named AS (SELECT s.*, ${total} AS total FROM (${found(o.q, source, bind)}) AS s), ${aroundSql(order('c'), o, bind)}`;
  }
  const above = o.limit === 'all' ? 0 : Math.floor(o.limit / 2);
  const start =
    o.around !== null
      ? `WHERE c.position >= (SELECT m.position FROM ${source} AS m WHERE m.person_id = ${bind(o.around)}) - ${above}`
      : o.after === null
        ? ''
        : figure === null
          ? `WHERE c.position > ${bind(o.after.position)}`
          : `WHERE (${figure.of('c')}, -c.position) < (${bind(o.after.sortKey)}::${figure.type}, -${bind(o.after.position)}::int)`;
  return `page AS (SELECT c.* FROM (SELECT s.*, ${total} AS total FROM (${found(o.q, source, bind)}) AS s) AS c
    ${start} ORDER BY ${order('c')} ${limited(o.limit, bind)})`;
}

function madePage(o: PageQuery, bind: Bind, figure: Figure | null): string {
  const ranking = `source AS MATERIALIZED (${o.ranking}),
    ranking AS (SELECT s.*, (rank() OVER (ORDER BY s.total_score DESC))::int AS rank, NULL::int AS position FROM source s),
    found AS (${o.q === undefined ? 'SELECT r.*, (SELECT count(*)::int FROM source) AS total FROM ranking r' : `SELECT r.*, (count(*) OVER ())::int AS total FROM (${found(o.q, 'ranking', bind)}) AS r`})`;
  const keys = (alias: string): string => `${figure === null ? '' : `${figure.of(alias)}, `}${alias}.total_score`;
  const best = (alias: string): string => `${figure === null ? '' : `${figure.of(alias)} DESC, `}${alias}.total_score DESC`;
  const order = `${best('c')}, c.login_key, c.person_id`;
  const named = (from: string): string =>
    `named AS (SELECT n.*, lower(u.username) COLLATE "C" AS login_key FROM (${from}) AS n JOIN github_user u ON u.id = n.person_id)`;
  const columns = o.factsOf === null ? PAGE_COLUMNS : SCORE_COLUMNS;
  const page = (where: string): string => `page AS (SELECT ${columns} FROM named c ${where} ORDER BY ${order} ${limited(o.limit, bind)})`;
  if (o.around !== null) {
    const inOrder = aroundSql(order, o, bind).replaceAll('SELECT c.* FROM placed', `SELECT ${columns} FROM placed`);
    return `${ranking}, ${named('SELECT * FROM found')}, ${inOrder}`;
  }
  // Equals are cut by name: all of them are needed.
  const first = (where: string): string =>
    o.limit === 'all'
      ? `SELECT f.* FROM found f ${where}`
      : `SELECT f.* FROM found f ${where} ORDER BY ${best('f')} FETCH FIRST ${o.limit + 1} ROWS WITH TIES`;
  if (o.after === null) return `${ranking}, ${named(first(''))}, ${page('')}`;
  const { sortKey, score, login, personId } = o.after;
  const last = `${figure === null ? '' : `${bind(sortKey)}::${figure.type}, `}${bind(score)}::numeric`;
  const from = `(SELECT f.* FROM found f WHERE (${keys('f')}) = (${last})) UNION ALL (${first(`WHERE (${keys('f')}) < (${last})`)})`;
  const behind = `WHERE (${keys('c')}) < (${last}) OR (c.login_key, c.person_id) > (${bind(login)}::text COLLATE "C", ${bind(personId)}::bigint)`;
  return `${ranking}, ${named(from)}, ${page(behind)}`;
}

const SCORE_COLUMNS = 'c.person_id, c.rank, c.position, c.total_score, c.total';
const PAGE_COLUMNS = `c.person_id, c.rank, c.position, ${factsSql('c')}, c.repositories_contributed, c.total`;

/** SQL of the ranks that a board's snapshot of a day has, and whether somebody was ranked on an earlier day. */
export function ranksOfSnapshot(bind: Bind, scope: number, day: Day): string {
  const [at, on] = [bind(scope), bind(day)];
  return `SELECT p.person_id, t.rank, t.rank IS NULL AND EXISTS (
      SELECT FROM leaderboard_snapshot o WHERE o.scope = ${at}::bigint AND o.person_id = p.person_id AND o.day < ${on}::date) AS was_ranked
    FROM page p LEFT JOIN leaderboard_snapshot t ON t.scope = ${at}::bigint AND t.person_id = p.person_id AND t.day = ${on}::date`;
}
