/** Reads a repository out of a mirror as the rollup would: batches put together, merges attributed, self-reviews dropped. */
import type { Contribution, PullRequestFact } from '../../../src/domain/contribution.ts';
import type { CoveredRange, Gap } from '../../../src/domain/coverage.ts';
import type { Batch, ContributionSource, ScrapeTarget, SliceCursor } from '../../../src/sources/contribution-source.ts';
import { byName, type Count, type Counted } from './count.ts';

const ALL_TIME = { since: '2008-01-01', until: '2026-11-23' };

/** A full scrape's target. */
export function targetOf(repository: string, more: Partial<ScrapeTarget> = {}): ScrapeTarget {
  const [owner = '', name = ''] = repository.split('/');
  return { owner, name, githubId: null, window: ALL_TIME, type: 'FULL', ...more };
}

export async function batchesOf(
  source: ContributionSource,
  target: ScrapeTarget,
  cursor: SliceCursor | null = null,
): Promise<readonly Batch[]> {
  const batches: Batch[] = [];
  for await (const batch of source.read(target, 'mirror', cursor, new AbortController().signal)) batches.push(batch);
  return batches;
}

export interface Reading {
  readonly contributions: readonly Contribution[];
  readonly pullRequests: ReadonlyMap<number, PullRequestFact>;
  readonly covered: readonly CoveredRange[];
  readonly gaps: readonly Gap[];
}

export async function readAll(source: ContributionSource, target: ScrapeTarget): Promise<Reading> {
  const batches = await batchesOf(source, target);
  const coverage = batches.at(-1)?.coverage;
  return {
    contributions: batches.flatMap((batch) => batch.contributions),
    pullRequests: new Map(batches.flatMap((batch) => batch.pullRequests).map((fact) => [fact.number, fact])),
    covered: coverage?.covered ?? [],
    gaps: coverage?.gaps ?? [],
  };
}

/** What a reading comes to by the rules of the rollup (decisions 6-8 of the archive). */
export function boardOf({ contributions, pullRequests }: Pick<Reading, 'contributions' | 'pullRequests'>): Count {
  const authorOf = (row: Contribution): Contribution['actor'] =>
    row.number === null ? null : (pullRequests.get(row.number)?.author ?? null);
  const isOwnReview = (row: Contribution): boolean =>
    row.kind === 'PR_REVIEWED' && typeof row.actor?.githubId === 'number' && authorOf(row)?.githubId === row.actor.githubId;
  const counted = contributions.filter((row) => !isOwnReview(row));
  const people = new Map<string, Record<string, string | number | null>>();
  for (const row of counted) {
    const who = row.kind === 'PR_MERGED' ? (authorOf(row) ?? row.actor) : row.actor;
    if (who === null) continue;
    const person = people.get(who.login) ?? { username: who.login };
    people.set(who.login, person);
    person[row.kind] = row.quantity === null ? (person[row.kind] ?? null) : Number(person[row.kind] ?? 0) + row.quantity;
    if (row.linesAdded === null) continue;
    person['lines_added'] = Number(person['lines_added'] ?? 0) + row.linesAdded;
    person['lines_deleted'] = Number(person['lines_deleted'] ?? 0) + (row.linesDeleted ?? 0);
  }
  return { contributions: counted.length, people: [...people.values()].map((person) => person as Counted).toSorted(byName) };
}
