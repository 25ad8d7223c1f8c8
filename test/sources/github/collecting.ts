/** Reads a source as a job does and keeps what publishing would keep, by the contract's words alone. */
import type { Contribution, ContributionKind, PullRequestFact } from '../../../src/domain/contribution.ts';
import type {
  AmendedRow,
  Batch,
  ContributionSource,
  MonthTotal,
  ScrapeTarget,
  SliceCursor,
  SourcePlan,
} from '../../../src/sources/contribution-source.ts';
import { createGithubSource, type GithubSourceOptions } from '../../../src/sources/github/source.ts';
import type { CountedRow, CountWindow, DataCount } from '../../fakes/github/count-of.ts';
import type { DataSet } from '../../fakes/github/data-set.ts';
import type { FakeGithub } from '../../fakes/github/server.ts';

/** One row in the form both sides are compared in. */
export interface Row {
  readonly githubId: number | null;
  readonly at: string;
  readonly linesAdded: number;
  readonly linesDeleted: number;
}

/** What is stored of a repository. */
export class Store {
  readonly rows = new Map<string, Contribution>();
  readonly facts = new Map<number, PullRequestFact>();
  watermarks: Record<string, SliceCursor> = {};

  /** What the oracle counts: a review of one's own pull request is no contribution. */
  counted(): Map<string, Row> {
    const rows = [...this.rows].filter(([, row]) => !this.#isSelfReview(row));
    return new Map(
      rows.map(([key, { actor, occurredAt, linesAdded, linesDeleted }]) => [
        key,
        {
          githubId: actor?.githubId ?? null,
          at: occurredAt.toISOString().replace('.000Z', 'Z'),
          linesAdded: linesAdded ?? 0,
          linesDeleted: linesDeleted ?? 0,
        },
      ]),
    );
  }

  #isSelfReview({ kind, number, actor }: Contribution): boolean {
    if (kind !== 'PR_REVIEWED' || number === null || actor === null) return false;
    return this.facts.get(number)?.author?.githubId === actor.githubId;
  }
}

const keyOf = ({ kind, subject }: { kind: ContributionKind; subject: string }): string => `${kind} ${subject}`;

/** The oracle's rows in the same form. */
export function expected({ rows }: DataCount): Map<string, Row> {
  return new Map(
    rows.map((row: CountedRow) => [
      keyOf(row),
      { githubId: row.githubId, at: row.at, linesAdded: row.linesAdded ?? 0, linesDeleted: row.linesDeleted ?? 0 },
    ]),
  );
}

export interface Outcome {
  readonly plan: SourcePlan;
  readonly waits: readonly Date[];
  readonly totals: readonly MonthTotal[];
  readonly excluded: readonly MonthTotal[];
  readonly gaps: readonly string[];
  readonly notes: readonly string[];
  readonly batches: number;
}

export interface ScrapeOptions {
  readonly source: ContributionSource;
  readonly target: ScrapeTarget;
  readonly store: Store;
  /** Called with each batch; throwing is a worker that dies before the batch is stored. */
  readonly onBatch?: (batch: Batch, slice: string) => void;
  /** What happens during a wait; by default the time passes. The source to go on with, when it is another process's. */
  readonly onWait?: (until: Date) => Promise<ContributionSource | undefined>;
  readonly slices?: readonly string[];
}

/** A whole scrape: plan, every slice to its end with a new read after each pause, publish. */
export async function scrape({ source: first, target: given, store, onBatch, onWait = passTime, slices }: ScrapeOptions): Promise<Outcome> {
  let source = first;
  const target: ScrapeTarget = given.type === 'REFRESH' ? { ...given, previous: store.watermarks } : given;
  const plan = await source.plan(target);
  const staged = new Map<string, Contribution>();
  const facts = new Map<number, PullRequestFact>();
  const removed = new Set<string>();
  const amended = new Map<string, AmendedRow>();
  const replaced = new Set<ContributionKind>();
  const watermarks: Record<string, SliceCursor> = {};
  const [waits, totals, excluded, gaps, notes]: [Date[], MonthTotal[], MonthTotal[], string[], string[]] = [[], [], [], [], []];
  let batches = 0;

  for (const slice of slices ?? plan.slices.map((one) => one.slice)) {
    let cursor: SliceCursor | null = null;
    for (let isDone = false; !isDone;) {
      let isPaused = false;
      for await (const batch of source.read(target, slice, cursor, new AbortController().signal)) {
        if (isDone || isPaused) throw new Error(`${slice}: a batch after the last one`);
        onBatch?.(batch, slice);
        batches += 1;
        // As the database has it: JSON.
        cursor = JSON.parse(JSON.stringify(batch.cursor)) as SliceCursor;
        for (const kind of batch.restarted ?? []) {
          for (const key of staged.keys()) if (key.startsWith(`${kind} `)) staged.delete(key);
        }
        for (const row of batch.contributions) {
          staged.set(keyOf(row), row);
          removed.delete(keyOf(row));
        }
        for (const row of batch.removed ?? []) {
          staged.delete(keyOf(row));
          removed.add(keyOf(row));
        }
        for (const row of batch.amended ?? []) amended.set(keyOf(row), row);
        for (const fact of batch.pullRequests) facts.set(fact.number, fact);
        for (const kind of batch.replaced ?? []) replaced.add(kind);
        if (batch.watermark !== undefined) watermarks[slice] = JSON.parse(JSON.stringify(batch.watermark)) as SliceCursor;
        totals.push(...(batch.totals ?? []));
        excluded.push(...(batch.excluded ?? []));
        gaps.push(...(batch.coverage?.gaps ?? []).map((gap) => gap.reason));
        notes.push(...(batch.coverage?.covered ?? []).flatMap(({ state, note }) => (state === 'complete' ? [] : [note ?? ''])));
        isDone = batch.done;
        if (batch.resumeAt !== undefined) {
          isPaused = true;
          waits.push(batch.resumeAt);
          source = (await onWait(batch.resumeAt)) ?? source;
        }
      }
      if (!isDone && !isPaused) throw new Error(`${slice}: ended without being done`);
    }
  }

  if (target.type === 'FULL') store.rows.clear();
  for (const [key, row] of store.rows) {
    if ((replaced.has(row.kind) && !staged.has(key)) || removed.has(key)) store.rows.delete(key);
  }
  for (const [key, row] of staged) store.rows.set(key, row);
  for (const [key, { linesAdded, linesDeleted }] of amended) {
    const row = store.rows.get(key);
    if (row !== undefined) store.rows.set(key, { ...row, linesAdded, linesDeleted });
  }
  for (const [number, fact] of facts) store.facts.set(number, fact);
  store.watermarks = { ...store.watermarks, ...watermarks };
  return { plan, waits, totals, excluded, gaps, notes, batches };
}

async function passTime(until: Date): Promise<undefined> {
  await new Promise((go) => setTimeout(go, Math.max(0, until.getTime() - Date.now())));
}

/** A source on a fake, whose repetitions do not wait. */
export function sourceOn(fake: FakeGithub, more: Partial<GithubSourceOptions> = {}): ContributionSource {
  return createGithubSource({ tokens: ['ghp_testtokentesttokentesttoken00'], apiUrl: fake.restUrl, secondMs: 1, ...more });
}

export function targetOf(data: DataSet, window: CountWindow, more: Partial<ScrapeTarget> = {}): ScrapeTarget {
  const [repository] = data.repositories.values();
  if (repository === undefined) throw new Error('The data set has no repository');
  return { owner: data.ownerOf(repository).login, name: repository.name, githubId: repository.id, window, type: 'FULL', ...more };
}
