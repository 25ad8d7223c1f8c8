import type { Account, Contribution, ContributionKind } from '../../domain/contribution.ts';
import type { Gap } from '../../domain/coverage.ts';
import { dayOf, type Window } from '../../domain/window.ts';
import type { Batch, MonthTotal, ScrapeTarget, SliceCursor } from '../contribution-source.ts';
import type { GitActor } from './accounts.ts';
import type { Conversation, SourceLog } from './client.ts';
import type { Freshness, Heartbeat } from './heartbeat.ts';
import type { Patience } from './page-size.ts';

/** One read of one stream: what it is about, how GitHub is asked, where it begins. */
export interface Reading {
  readonly target: ScrapeTarget;
  /** How the repository stands as this read begins; its present name and node id. */
  readonly now: Heartbeat;
  readonly github: Conversation;
  readonly signal: AbortSignal;
  readonly log: SourceLog;
  /** Rows to ask for at once, at most. */
  readonly pageSize: { readonly commits: number; readonly pullRequests: number; readonly others: number };
  /** Requests of one stream in flight. */
  readonly width: number;
  readonly patience: Patience;
  readonly commitAccountOf: (actor: GitActor | null | undefined) => Account | null;
  /** Where the last published read ended, if this one may go on from there; null: read everything. */
  readonly since: SliceCursor | null;
}

/** A batch as a stream makes it; the source adds the coverage. `gaps` with `done`: what could not be had. */
export type StreamBatch = Omit<Batch, 'coverage' | 'resumeAt'> & { readonly gaps?: readonly Gap[] };

/** What is read of a repository in one order. Its name is its slice's. */
export interface Stream {
  readonly name: string;
  /** The kinds whose days are read completely once it is done. */
  readonly covers: readonly ContributionKind[];
  /** The kinds whose staged rows are worth nothing once the stream must begin again. */
  readonly forgets: readonly ContributionKind[];
  read(reading: Reading, cursor: SliceCursor | null): AsyncGenerator<StreamBatch>;
}

const HOUR_MS = 3_600_000;

/** The first and the last second of a window, as GitHub writes them. */
export function boundsOf({ since, until }: Window): { readonly from: string; readonly to: string } {
  return { from: `${since}T00:00:00Z`, to: `${until}T23:59:59Z` };
}

/** Whether a moment, as GitHub writes it, lies in a window. */
export function isIn(window: Window, moment: string): boolean {
  const day = moment.slice(0, 10);
  return day >= window.since && day <= window.until;
}

/** Every watermark: of which repository and which days, and when GitHub's clock said it was read, less an hour (decisions 3). */
export function watermarkOf({ now, target }: Reading, startedAt: string, more: SliceCursor = {}): SliceCursor {
  const at = new Date(Date.parse(startedAt) - HOUR_MS).toISOString();
  return { ...more, v: 1, repository: now.repository.nodeId, since: target.window.since, until: target.window.until, startedAt, at };
}

/**
 * Whether a refresh may go on from a watermark: of this repository, from no later a day, and reaching to the day it was made
 * (a scrape of a past window left out what came after it).
 */
export function mayGoOnFrom(watermark: SliceCursor | undefined, target: ScrapeTarget, nodeId: string): boolean {
  if (watermark === undefined || target.type !== 'REFRESH') return false;
  const { v, repository, since, until, startedAt } = watermark as Record<string, unknown>;
  return (
    v === 1 &&
    repository === nodeId &&
    typeof since === 'string' &&
    since <= target.window.since &&
    typeof until === 'string' &&
    typeof startedAt === 'string' &&
    until >= dayOf(new Date(startedAt))
  );
}

/** GitHub's times are whole seconds and its lists may lag: what changed so shortly before a heartbeat may not be all of it. */
const SETTLED_AFTER_MS = 60_000;

/** Whether nothing in a list changed since a watermark: it is as long, its latest update is the same, and was not the work of that very minute. */
export function isUnchanged(before: Freshness | undefined, now: Freshness, since: SliceCursor): boolean {
  if (before === undefined || before.total !== now.total || before.updatedAt !== now.updatedAt) return false;
  return now.updatedAt === null || Date.parse(now.updatedAt) < Date.parse(String(since['startedAt'])) - SETTLED_AFTER_MS;
}

/** In a refresh: the numbers of what was made between the last read and this one. What was made in that very second is counted too: one read too many does no harm. */
export function createdSince(
  { since, now }: Reading,
  nodes: readonly { readonly number: number; readonly createdAt: string }[],
): readonly number[] {
  if (since === null) return [];
  const [from, to] = [Date.parse(String(since['startedAt'])), now.at.getTime()];
  return nodes.filter(({ createdAt }) => Date.parse(createdAt) >= from && Date.parse(createdAt) <= to).map(({ number }) => number);
}

/** A contribution from GitHub: one, known, no estimate. */
export function contribution(
  kind: ContributionKind,
  subject: string,
  actor: Account | null,
  at: string,
  more: { readonly number?: number; readonly linesAdded?: number; readonly linesDeleted?: number } = {},
): Contribution {
  return {
    kind,
    subject,
    actor,
    occurredAt: new Date(at),
    quantity: 1,
    linesAdded: more.linesAdded ?? null,
    linesDeleted: more.linesDeleted ?? null,
    number: more.number ?? null,
    isEstimate: false,
    sourceEvent: null,
  };
}

/** Counts by month, as they are kept in cursors. */
export type CountsByMonth = Readonly<Record<string, number>>;

export function addCounts(one: CountsByMonth, other: CountsByMonth): CountsByMonth {
  const sum: Record<string, number> = { ...one };
  for (const [month, count] of Object.entries(other)) sum[month] = (sum[month] ?? 0) + count;
  return sum;
}

export function countByMonth(moments: readonly string[]): CountsByMonth {
  const counts: Record<string, number> = {};
  for (const moment of moments) counts[moment.slice(0, 7)] = (counts[moment.slice(0, 7)] ?? 0) + 1;
  return counts;
}

export function monthTotals(kind: ContributionKind, counts: CountsByMonth): readonly MonthTotal[] {
  return Object.entries(counts).map(([month, count]) => ({ kind, month, count }));
}

/** Only a stream that found nothing to do: its watermark moves on. */
export function nothingNew(reading: Reading, watermark: SliceCursor, more: Partial<StreamBatch> = {}): StreamBatch {
  const startedAt = reading.now.at.toISOString();
  return {
    contributions: [],
    pullRequests: [],
    cursor: { v: 1 },
    done: true,
    watermark: watermarkOf(reading, startedAt, watermark),
    ...more,
  };
}
