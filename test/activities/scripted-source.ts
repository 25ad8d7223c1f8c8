import { KIND_CODES, type Contribution, type ContributionKind, type SourceName } from '../../src/domain/contribution.ts';
import type { ContributionSource, ScrapeTarget } from '../../src/sources/contribution-source.ts';
import { addDays } from '../../src/domain/window.ts';

export interface Script {
  readonly name?: SourceName;
  /** Slices of the plan, each with so many batches. */
  readonly slices: Readonly<Record<string, number>>;
  readonly perBatch?: number;
  /** Called before every batch; throws, waits, or asks for a pause (a moment). */
  readonly before?: (step: {
    readonly slice: string;
    readonly batch: number;
    readonly signal: AbortSignal;
  }) => Promise<Date | undefined | void>;
}

/** How many contributions a script gives in all. */
export function contributionsOf({ slices, perBatch = 10 }: Script): number {
  return Object.values(slices).reduce((sum, batches) => sum + batches * perBatch, 0);
}

/**
 * A source whose rows are made up by rule: every batch has `perBatch` opened pull requests of five people, numbered so that no
 * two batches share one. Its cursor is the number of the next batch.
 */
export function createScriptedSource(script: Script): ContributionSource {
  const { name = 'github', slices, perBatch = 10, before = async () => undefined } = script;
  const names = Object.keys(slices);
  return {
    name,
    async plan() {
      return {
        slices: names.map((slice) => ({ source: name, slice })),
        githubId: null,
        total: contributionsOf(script),
        unit: 'contributions',
        note: `${names.length} slices`,
      };
    },
    async *read(target, slice, cursor, signal) {
      const batches = slices[slice] ?? 0;
      for (let batch = Number(cursor?.next ?? 0); batch < batches; batch += 1) {
        const resumeAt = await before({ slice, batch, signal });
        if (resumeAt !== undefined) {
          yield { contributions: [], pullRequests: [], cursor: { next: batch }, done: false, resumeAt };
          return;
        }
        const first = (names.indexOf(slice) * 1_000 + batch) * perBatch + 1;
        const contributions = Array.from({ length: perBatch }, (_, index) => pullRequest(target, first + index));
        const done = batch === batches - 1;
        yield {
          contributions,
          pullRequests: [],
          cursor: { next: batch + 1 },
          done,
          ...(done
            ? { coverage: { covered: Object.keys(KIND_CODES).map((kind) => covered(kind as ContributionKind, target)), gaps: [] } }
            : {}),
        };
      }
    },
  };
}

function covered(kind: ContributionKind, { window }: ScrapeTarget) {
  return { kind, since: window.since, until: window.until, state: 'complete' as const, note: null };
}

function pullRequest({ window }: ScrapeTarget, number: number): Contribution {
  const person = (number % 5) + 1;
  return {
    kind: 'PR_OPENED',
    subject: String(number),
    actor: { githubId: 1_000 + person, login: `person-${person}`, type: 'User' },
    occurredAt: new Date(`${addDays(window.until, -(number % 300))}T12:00:00Z`),
    quantity: 1,
    linesAdded: null,
    linesDeleted: null,
    number,
    isEstimate: false,
    sourceEvent: null,
  };
}
