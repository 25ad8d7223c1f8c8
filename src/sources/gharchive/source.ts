import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { DuckDBInstance } from '@duckdb/node-api';
import type { Contribution, PullRequestFact } from '../../domain/contribution.ts';
import type { Gap } from '../../domain/coverage.ts';
import type { Batch, ContributionSource, ScrapeTarget, SliceCursor } from '../contribution-source.ts';
import { MEMORY_MB, openDuckDb } from './duckdb.ts';
import { Fold, runsOf, type Folded } from '../archive-events/fold.ts';
import { MirrorReader, type MirrorSnapshot } from './mirror-reader.ts';

/** The only slice: a repository is read from the mirror in one go. */
const SLICE = 'mirror';
const BATCH_SIZE = 5_000;

interface Place {
  readonly generation: string;
  /** Folded runs that were given out. */
  readonly runs: number;
}

/** Where to go on; from the beginning when the mirror has changed since. */
function placeOf(cursor: SliceCursor | null, generation: string): number {
  return cursor?.['generation'] === generation && typeof cursor['runs'] === 'number' ? cursor['runs'] : 0;
}

const plural = (count: number, one: string): string => `${count} ${count === 1 ? one : `${one}s`}`;

function noteOf({ manifest }: MirrorSnapshot, contributions: number, window: string): string {
  const degraded = manifest.files.filter((file) => file.state === 'degraded').length;
  const flaws = [
    ...(degraded > 0 ? [`${degraded} captured badly`] : []),
    ...(manifest.refused.length > 0 ? [`${manifest.refused.length} more refused`] : []),
  ];
  const files = `${plural(manifest.files.length, 'archive file')}${flaws.length > 0 ? ` (${flaws.join(', ')})` : ''}`;
  return `${plural(contributions, 'contribution')} ${window} in the ${files} imported. The archive is a lower bound: it misses events, from 2025 on most of them.`;
}

/**
 * The source that reads the local mirror of GH Archive (importer.ts fills it). One slice; batches of about 5,000 contributions in a stable
 * order, each natural key once. An import that runs meanwhile does not disturb a read; a slice that is resumed after one starts again.
 */
export function createGharchiveSource(o: { mirrorDir: string }): ContributionSource {
  const mirrorDir = resolve(o.mirrorDir);
  let instance: Promise<DuckDBInstance> | null = null;
  const open = (): Promise<DuckDBInstance> => {
    const spillTo = join(tmpdir(), `laurels-spill-${randomUUID()}`);
    instance ??= openDuckDb({ directories: [mirrorDir], spillTo, memoryMb: MEMORY_MB.read }).catch((error: unknown) => {
      instance = null;
      throw error;
    });
    return instance;
  };
  const reader = new MirrorReader(mirrorDir, open);

  const folded = async function* (
    snapshot: MirrorSnapshot,
    target: ScrapeTarget,
    githubId: number | null,
    fold: Fold,
    signal?: AbortSignal,
  ): AsyncGenerator<Folded> {
    for await (const run of runsOf(reader.rows(snapshot, { githubId, name: target }, signal))) yield fold.fold(run);
  };
  const idOf = async (snapshot: MirrorSnapshot, target: ScrapeTarget): Promise<number | null> =>
    target.githubId ?? (await reader.githubIdOf(snapshot, target));

  return {
    name: 'gharchive',

    plan: async (target) => {
      const slices = [{ source: 'gharchive' as const, slice: SLICE }];
      const snapshot = await reader.snapshot();
      if (snapshot === null || snapshot.manifest.files.length === 0) {
        return { slices, githubId: target.githubId, total: 0, unit: 'contributions', note: 'No archive file has been imported.' };
      }
      const githubId = await idOf(snapshot, target);
      let total = 0;
      const fold = new Fold(target.window, snapshot.filesWithMerges);
      for await (const { contributions } of folded(snapshot, target, githubId, fold)) total += contributions.length;
      const window = `from ${target.window.since} to ${target.window.until}`;
      return { slices, githubId, total, unit: 'contributions', note: noteOf(snapshot, total, window) };
    },

    read: async function* (target, _slice, cursor, signal): AsyncGenerator<Batch> {
      const snapshot = await reader.snapshot();
      if (snapshot === null) {
        const gaps: Gap[] = [{ kind: null, month: null, reason: 'no archive file has been imported' }];
        yield { contributions: [], pullRequests: [], cursor: {}, done: true, coverage: { covered: [], gaps } };
        return;
      }
      const { manifest, calendar } = snapshot;
      const githubId = await idOf(snapshot, target);
      const fold = new Fold(target.window, snapshot.filesWithMerges);
      const skip = placeOf(cursor, manifest.generation);
      const place = (runs: number): SliceCursor => ({ generation: manifest.generation, runs }) satisfies Place;
      let contributions: Contribution[] = [];
      let pullRequests: PullRequestFact[] = [];
      let runs = 0;
      for await (const run of folded(snapshot, target, githubId, fold, signal)) {
        runs += 1;
        if (runs <= skip) continue;
        contributions.push(...run.contributions);
        if (run.pullRequest !== null) pullRequests.push(run.pullRequest);
        if (contributions.length + pullRequests.length < BATCH_SIZE) continue;
        yield { contributions, pullRequests, cursor: place(runs), done: false };
        [contributions, pullRequests] = [[], []];
      }
      const unknown: Gap = {
        kind: null,
        month: null,
        reason: `${target.owner}/${target.name} does not appear in the imported archive files`,
      };
      const gaps = [...(runs === 0 ? [unknown] : []), ...calendar.gaps(target.window, new Date()), ...fold.gaps()];
      const covered = calendar.covered(target.window);
      yield { contributions, pullRequests, cursor: place(runs), done: true, coverage: { covered, gaps } };
    },
  };
}
