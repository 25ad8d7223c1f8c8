import type { Account } from '../../domain/contribution.ts';
import type { EventRow } from './event-row.ts';
import type { ArchiveRow } from './fold.ts';

type Cell = string | number | boolean | null | undefined;

const numberOf = (cell: Cell): number | null => (typeof cell === 'number' ? cell : null);
const momentOf = (cell: Cell): number | null => (typeof cell === 'string' ? Date.parse(cell) : null);

function accountOf(id: Cell, login: Cell, type: Cell): Account | null {
  const [githubId, name] = [numberOf(id), typeof login === 'string' ? login : null];
  if (githubId === null && name === null) return null;
  return { githubId, login: name ?? `id:${githubId}`, type: typeof type === 'string' ? type : null };
}

/** An event as rowOf (event-row.ts) reads it, in the form that Fold takes; null when it is no contribution and tells of none. */
export function archiveRowOf(row: EventRow, file: number): ArchiveRow | null {
  const [kind, at, id] = [numberOf(row.kind), momentOf(row.at), numberOf(row.id)];
  if (kind === null || at === null || id === null) return null;
  return {
    kind: kind as ArchiveRow['kind'],
    at,
    id,
    number: numberOf(row.number),
    actor: accountOf(row.actor_id, row.actor_login, row.actor_type),
    quantity: numberOf(row.quantity),
    author: accountOf(row.author_id, row.author_login, row.author_type),
    created: momentOf(row.created),
    merged: momentOf(row.merged),
    added: numberOf(row.added),
    deleted: numberOf(row.deleted),
    baseRef: typeof row.base_ref === 'string' ? row.base_ref : null,
    event: numberOf(row.event),
    file,
  };
}

const ascending = (a: number | null, b: number | null): number => (a ?? Number.MAX_VALUE) - (b ?? Number.MAX_VALUE);

/** The order in which Fold takes the rows of one run: who is first or last among equals is the same whatever they were read from. */
export function inFoldOrder(a: ArchiveRow, b: ArchiveRow): number {
  return a.kind - b.kind || a.id - b.id || a.at - b.at || ascending(a.event, b.event) || a.file - b.file;
}
