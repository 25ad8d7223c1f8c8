import { afterEach, describe, expect, test } from '@jest/globals';
import { array, assert, asyncProperty, constantFrom } from 'fast-check';
import { addDays } from '../../../src/domain/window.ts';
import {
  addReview,
  closeIssue,
  deletePullRequest,
  editComment,
  forcePush,
  mergePullRequest,
  pushCommits,
  renameRepository,
  reopenIssue,
  transferIssue,
  updatePullRequest,
} from '../../fakes/github/changes.ts';
import { countOf, type CountWindow } from '../../fakes/github/count-of.ts';
import type { DataSet, FakeRepository } from '../../fakes/github/data-set.ts';
import { ADA, BEN, CLEO, DAN, handChecked, type HandChecked } from '../../fakes/github/datasets/hand-checked.ts';
import { htmlError } from '../../fakes/github/faults.ts';
import { startFakeGithub, type FakeGithub } from '../../fakes/github/server.ts';
import { expected, scrape, sourceOn, Store, targetOf, type Outcome } from './collecting.ts';

const fakes: FakeGithub[] = [];
afterEach(async () => {
  await Promise.all(fakes.splice(0).map((fake) => fake.stop()));
});

const TODAY = new Date().toISOString().slice(0, 10);
const now = (): string => `${new Date().toISOString().slice(0, 19)}Z`;
const ada = { name: 'Ada', email: 'ada@example.org' };
const ben = { name: 'Ben', email: 'ben@example.org' };

interface Setup extends HandChecked {
  readonly github: FakeGithub;
  readonly store: Store;
  refresh(window?: CountWindow): Promise<Outcome & { readonly points: number; readonly requests: number }>;
}

/** The hand-checked repository, fully scraped. */
async function scraped(): Promise<Setup> {
  const set = handChecked(TODAY);
  const github = await startFakeGithub({ dataset: set.data });
  fakes.push(github);
  const store = new Store();
  const source = sourceOn(github, { pageSize: { commits: 50, pullRequests: 5, others: 10 } });
  await scrape({ source, target: targetOf(set.data, set.window), store });
  const refresh: Setup['refresh'] = async (window = set.window) => {
    const before = { points: github.points.graphql + github.points.core, requests: github.requests.length };
    const outcome = await scrape({ source, target: targetOf(set.data, window, { type: 'REFRESH' }), store });
    return {
      ...outcome,
      points: github.points.graphql + github.points.core - before.points,
      requests: github.requests.length - before.requests,
    };
  };
  return { ...set, github, store, refresh };
}

function expectWhole({ data, repository, window, github, store }: Setup, days: CountWindow = window): void {
  expect(github.mistakes).toEqual([]);
  expect(store.counted()).toEqual(expected(countOf(data, days, repository)));
}

describe('a refresh of a repository in which nothing happened', () => {
  test('costs at most 10 points and changes nothing', async () => {
    const set = await scraped();
    const before = set.store.counted();
    const { points, requests } = await set.refresh();
    expect(points).toBeLessThanOrEqual(3);
    expect(requests).toBeLessThanOrEqual(3);
    expect(set.store.counted()).toEqual(before);
    expectWhole(set);
  });

  test('a day later covers the new day', async () => {
    const set = await scraped();
    const window = { since: addDays(set.window.since, 1), until: addDays(TODAY, 1) };
    const { points } = await set.refresh(window);
    expect(points).toBeLessThanOrEqual(3);
  });
});

const CHANGES: Readonly<Record<string, (set: { data: DataSet; repository: FakeRepository; other: FakeRepository }) => void>> = {
  'a push': ({ data, repository }) => void pushCommits(data, repository, [{ author: ada, committedAt: now(), additions: 5, deletions: 1 }]),
  'a branch of old commits that lands only now': ({ data, repository }) => {
    const main = repository.head as string;
    const grandparent = repository.commits.get(main)?.parents[0] as string;
    const old = `${addDays(TODAY, -150)}T08:00:00Z`;
    const tip = pushCommits(data, repository, [{ author: ben, committedAt: old, parents: [grandparent], additions: 9 }]).at(-1)
      ?.oid as string;
    pushCommits(data, repository, [{ author: ada, committedAt: now(), parents: [main, tip] }]);
  },
  'a force push': ({ data, repository }) => void forcePush(data, repository, 2, [{ author: ben, committedAt: now(), additions: 3 }]),
  'a force push whose old commits are gone': ({ data, repository }) => {
    const old = repository.head as string;
    forcePush(data, repository, 1, [{ author: ben, committedAt: now(), additions: 3 }]);
    repository.commits.delete(old);
    data.touch();
  },
  'a branch that is reset to an older commit': ({ data, repository }) => void forcePush(data, repository, 2, []),
  'a merge of an open pull request, with its commit': ({ data, repository }) => {
    const [commit] = pushCommits(data, repository, [{ author: ben, committedAt: now(), additions: 6, deletions: 6 }]);
    mergePullRequest(data, repository, 20, {
      at: now(),
      mergedById: ADA,
      mergeCommitOid: commit?.oid as string,
      commits: [commit?.oid as string],
    });
  },
  'a review and a dismissed one': ({ data, repository }) => {
    addReview(data, repository, 22, { id: 3_200_000_000 + data.version, authorId: CLEO, state: 'APPROVED', submittedAt: now() });
    addReview(data, repository, 16, { id: 3_300_000_000 + data.version, authorId: DAN, state: 'DISMISSED', submittedAt: now() });
  },
  'a pull request': ({ data, repository }) => {
    const number = nextNumber(repository);
    const [model] = repository.pullRequests.values();
    if (model === undefined) throw new Error('There is no pull request');
    repository.pullRequests.set(number, {
      ...model,
      id: 2_700_000_000 + number,
      number,
      authorId: BEN,
      createdAt: now(),
      updatedAt: now(),
      closedAt: null,
      mergedAt: null,
      reviews: [],
    });
    data.touch();
  },
  'a pull request whose branch changed': ({ data, repository }) => updatePullRequest(data, repository, 16, now(), { additions: 77 }),
  'an issue closed': ({ data, repository }) => closeIssue(data, repository, 8, now(), CLEO),
  'an issue open again': ({ data, repository }) => {
    if (repository.issues.get(1)?.closedAt !== null) reopenIssue(data, repository, 1, now(), BEN);
  },
  'an issue closed by somebody else': ({ data, repository }) => {
    reopenIssue(data, repository, 2, now(), BEN);
    closeIssue(data, repository, 2, now(), ADA);
  },
  'an issue transferred away': ({ data, repository, other }) => {
    const [number] = [...repository.issues.keys()].filter((one) => one > 4 && one !== 8);
    if (number !== undefined) transferIssue(data, repository, number, other, now());
  },
  'a pull request deleted': ({ data, repository }) => {
    if (repository.pullRequests.has(14)) deletePullRequest(data, repository, 14);
  },
  'an issue with a comment': ({ data, repository }) => {
    const number = nextNumber(repository);
    repository.issues.set(number, {
      id: 2_950_000_000 + number,
      number,
      authorId: ADA,
      createdAt: now(),
      updatedAt: now(),
      closedAt: null,
      stateReason: null,
      events: [],
    });
    addComment(data, repository, number, BEN);
  },
  'a comment on a pull request': ({ data, repository }) => {
    updatePullRequest(data, repository, 22, now());
    addComment(data, repository, 22, DAN);
  },
  'a comment edited': ({ data, repository }) => {
    const [comment] = [...repository.issueComments.values()].filter(({ number }) => repository.issues.has(number));
    if (comment === undefined) return;
    editComment(data, repository, 'issueComments', comment.id, now());
    Object.assign(repository.issues.get(comment.number) as object, { updatedAt: now() });
    data.touch();
  },
  'a comment on a commit': ({ data, repository }) => {
    const id = Math.max(...repository.commitComments.keys()) + 1;
    repository.commitComments.set(id, { id, oid: repository.head as string, authorId: ADA, createdAt: now(), updatedAt: now() });
    data.touch();
  },
  'a release': ({ data, repository }) => {
    const id = Math.max(...repository.releases.keys()) + 1;
    repository.releases.set(id, {
      id,
      tagName: `v${id}`,
      authorId: CLEO,
      isDraft: false,
      isPrerelease: false,
      createdAt: now(),
      publishedAt: now(),
    });
    data.touch();
  },
  'a draft published': ({ data, repository }) => {
    Object.assign(repository.releases.get(180_000_003) as object, { isDraft: false, publishedAt: now() });
    data.touch();
  },
  'a rename of the repository': ({ data, repository }) => renameRepository(data, repository, { name: `renamed-${data.version}` }),
};

function nextNumber({ issues, pullRequests }: FakeRepository): number {
  return Math.max(...issues.keys(), ...pullRequests.keys()) + 1;
}

function addComment(data: DataSet, repository: FakeRepository, number: number, authorId: number): void {
  const id = Math.max(...repository.issueComments.keys(), ...repository.reviewComments.keys()) + 1;
  repository.issueComments.set(id, { id, number, authorId, createdAt: now(), updatedAt: now() });
  data.touch();
}

describe('a refresh gives what a full scrape would, after', () => {
  test.each(Object.entries(CHANGES))('%s', async (_name, change) => {
    const set = await scraped();
    change(set);
    const { points } = await set.refresh();
    expectWhole(set);
    expect(points).toBeLessThan(25);
    // And once more: where a refresh ended, the next one begins.
    change(set);
    await set.refresh();
    expectWhole(set);
  });

  test('any changes in any order (property)', async () => {
    const names = Object.keys(CHANGES);
    await assert(
      asyncProperty(
        array(array(constantFrom(...names), { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 }),
        async (rounds) => {
          const set = await scraped();
          for (const round of rounds) {
            for (const name of round) CHANGES[name]?.(set);
            await set.refresh();
            expectWhole(set);
          }
        },
      ),
      { numRuns: 12, endOnFailure: true },
    );
  });
});

describe('a refresh', () => {
  test('that begins earlier than the last scrape reads everything', async () => {
    const set = await scraped();
    const window = { since: addDays(set.window.since, -400), until: set.window.until };
    await set.refresh(window);
    expectWhole(set, window);
  });

  test('after a scrape of a past window reads what that left out', async () => {
    const set = await scraped();
    const source = sourceOn(set.github);
    const past = { since: set.window.since, until: addDays(TODAY, -100) };
    const store = new Store();
    await scrape({ source, target: targetOf(set.data, past), store });
    await scrape({ source, target: targetOf(set.data, set.window, { type: 'REFRESH' }), store });
    expect(store.counted()).toEqual(expected(countOf(set.data, set.window, set.repository)));
  });

  test('that fails in the middle loses nothing: the next one starts where the last success ended', async () => {
    const set = await scraped();
    for (const name of ['a push', 'an issue closed', 'a pull request', 'a comment on a pull request']) CHANGES[name]?.(set);
    const failing = set.github.faults.add({ path: '/issues/comments' }, htmlError(500));
    await expect(set.refresh()).rejects.toThrow('GitHub did not answer');
    failing.remove();
    await set.refresh();
    expectWhole(set);
  });

  test('of comments asks with the ETag of its first page and pays nothing while it is unchanged', async () => {
    const set = await scraped();
    CHANGES['a comment on a pull request']?.(set);
    await set.refresh();
    CHANGES['a pull request whose branch changed']?.(set);
    await set.refresh();
    expectWhole(set);
    const last = set.github.requests.filter(({ path }) => path.endsWith('/issues/comments')).at(-1);
    expect([last?.status, last?.cost]).toEqual([304, 0]);
  });
});
