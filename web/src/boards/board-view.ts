import type { BoardSort } from '../../../src/api/contract/leaderboards.ts';
import { SCORED_KINDS, type ScoredKind } from '../../../src/domain/scoring.ts';
import { DEFAULT_WINDOW, WINDOW_PRESETS, type WindowPreset } from '../../../src/domain/window.ts';
import { COUNT_COLUMNS, SHOWABLE, USUAL_COLUMNS, type ShownColumn } from './columns.ts';

/** What is looked at of a board; all of it is in the URL. */
export interface BoardView {
  readonly window: WindowPreset | null;
  readonly since: string | null;
  readonly until: string | null;
  /** Empty: all. */
  readonly kinds: readonly ScoredKind[];
  readonly include: readonly ('bots' | 'agents')[];
  /** `owner/name`s; empty: all. */
  readonly repositories: readonly string[];
  readonly q: string;
  readonly sort: BoardSort | null;
  readonly cursor: string | null;
  readonly around: string | null;
  readonly columns: readonly ShownColumn[];
}

const listed = (value: string | null): readonly string[] => value?.split(',').filter((word) => word !== '') ?? [];
const known = <W extends string>(words: readonly string[], all: readonly W[]): readonly W[] => all.filter((word) => words.includes(word));
const isDay = (value: string | null): value is string => value !== null && /^\d{4}-\d{2}-\d{2}$/.test(value);

/** Reads a view out of a URL's query. What makes no sense is left out: an old link still shows a board. */
export function viewOf(params: URLSearchParams): BoardView {
  const since = params.get('since');
  const until = params.get('until');
  const hasDays = isDay(since) || isDay(until);
  const window = known([params.get('window') ?? ''], WINDOW_PRESETS)[0];
  const columns = known(listed(params.get('columns')), SHOWABLE);
  const sorts = ['total_score', 'last_contribution_at', ...COUNT_COLUMNS.map(({ field }) => field)] as const satisfies readonly BoardSort[];
  return {
    window: hasDays ? null : (window ?? DEFAULT_WINDOW),
    since: isDay(since) ? since : null,
    until: isDay(until) ? until : null,
    kinds: known(listed(params.get('kinds')), SCORED_KINDS),
    include: known(listed(params.get('include')), ['bots', 'agents'] as const),
    repositories: listed(params.get('repositories')),
    q: params.get('q') ?? '',
    sort: known([params.get('sort') ?? ''], sorts)[0] ?? null,
    cursor: params.get('cursor'),
    around: params.get('around'),
    columns: columns.length === 0 ? USUAL_COLUMNS : columns,
  };
}

/** The API's query for a view; `limit` and `cursor` are left out where all pages are wanted (a CSV). */
export function apiQueryOf(view: BoardView, { isPaged }: { readonly isPaged: boolean }): Record<string, string> {
  const { window, since, until, kinds, include, repositories, q, sort, cursor, around, columns } = view;
  const all: Record<string, string | null> = {
    window: window === DEFAULT_WINDOW ? null : window,
    since,
    until,
    kinds: kinds.length === 0 ? null : kinds.join(','),
    include: include.length === 0 ? null : include.join(','),
    repositories: repositories.length === 0 ? null : repositories.join(','),
    q: q === '' ? null : q,
    sort,
    fields: isPaged && columns.includes('sparkline') ? 'sparkline' : null,
    cursor: isPaged ? cursor : null,
    around: isPaged && cursor === null ? around : null,
  };
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== null));
}

/** Whether something narrows the view: nothing found then means "not found", not "nothing there". */
export function isNarrowed({ q, kinds, repositories, window }: BoardView): boolean {
  return q !== '' || kinds.length > 0 || repositories.length > 0 || window !== DEFAULT_WINDOW;
}
