import type { Account, Contribution, ContributionKind, PullRequestFact } from '../../src/domain/contribution.ts';
import { addDays, type Day } from '../../src/domain/window.ts';
import type { Batch } from '../../src/sources/contribution-source.ts';

/** What is generated: the same for the same figures, one repository's contributions over the two years up to `until`. */
interface StreamShape {
  readonly rows: number;
  readonly until: Day;
}

/** Kinds of twenty rows: about what busy repositories show in GH Archive. */
const KINDS: readonly ContributionKind[] = [
  ...Array<ContributionKind>(8).fill('COMMENT'),
  ...Array<ContributionKind>(3).fill('PR_REVIEW_COMMENT'),
  ...Array<ContributionKind>(2).fill('PR_REVIEWED'),
  ...Array<ContributionKind>(2).fill('COMMIT'),
  'PR_OPENED',
  'PR_MERGED',
  'ISSUE_OPENED',
  'ISSUE_CLOSED',
  'RELEASE',
];
/** Rows one account makes in a row on one day. */
const BURST = 4;
const ROWS_PER_PERSON = 20;
const DAYS = 730;
const DAY_MS = 86_400_000;
/** As many as the archive source stages at once. */
const BATCH_ROWS = 5_000;

/** How many people a stream of so many rows may name. */
export function peopleOf(rows: number): number {
  return Math.ceil(rows / ROWS_PER_PERSON);
}

/** The account with a number from 0 on. */
export function accountOf(person: number): Account & { readonly githubId: number } {
  return { githubId: 1_000_000 + person, login: `person-${person.toString(36)}`, type: 'User' };
}

/** A number in [0, 1) that looks random and depends on `index` and `salt` alone. */
function fraction(index: number, salt: number): number {
  let mixed = Math.imul(index ^ Math.imul(salt, 0x9e37_79b1), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
}

function contributionOf(index: number, people: number, since: number): Contribution {
  const burst = Math.floor(index / BURST);
  // A few people do most of the work.
  const person = Math.floor(people * fraction(burst, 1) ** 3);
  const kind = KINDS[Math.floor(KINDS.length * fraction(index, 2))] as ContributionKind;
  const isMerge = kind === 'PR_MERGED';
  return {
    kind,
    subject: kind === 'COMMIT' ? `push:${20_000_000_000 + index}` : String(1_500_000_000 + index),
    actor: accountOf(person),
    occurredAt: new Date(since + Math.floor(DAYS * fraction(burst, 3)) * DAY_MS + Math.floor(DAY_MS * fraction(index, 4))),
    quantity: kind === 'COMMIT' ? 1 + Math.floor(4 * fraction(index, 5)) : 1,
    linesAdded: isMerge ? Math.floor(500 * fraction(index, 6)) : null,
    linesDeleted: isMerge ? Math.floor(200 * fraction(index, 7)) : null,
    number: kind === 'COMMIT' || kind === 'RELEASE' ? null : 1 + Math.floor(index / BURST),
    isEstimate: kind === 'COMMIT',
    sourceEvent: String(40_000_000_000 + index),
  };
}

function pullRequestOf(opened: Contribution): PullRequestFact {
  return { number: opened.number ?? 0, author: opened.actor, createdAt: opened.occurredAt, mergedAt: null, baseRef: 'main' };
}

/** The stream, in the batches in which a source stages it; each is made when it is asked for. */
export function* batchesOf({ rows, until }: StreamShape): Generator<Batch> {
  const since = Date.parse(`${addDays(until, 1 - DAYS)}T00:00:00Z`);
  const people = peopleOf(rows);
  for (let from = 0; from < rows; from += BATCH_ROWS) {
    const to = Math.min(from + BATCH_ROWS, rows);
    const contributions = Array.from({ length: to - from }, (_, index) => contributionOf(from + index, people, since));
    const pullRequests = contributions.filter(({ kind }) => kind === 'PR_OPENED').map(pullRequestOf);
    const isLast = to === rows;
    yield {
      contributions,
      pullRequests,
      cursor: { rows: to },
      done: isLast,
      ...(isLast
        ? { coverage: { covered: [{ kind: null, since: addDays(until, 1 - DAYS), until, state: 'complete', note: null }], gaps: [] } }
        : {}),
    };
  }
}
