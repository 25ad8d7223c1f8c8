import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  addReview,
  closeIssue,
  deleteAccount,
  deleteComment,
  deletePullRequest,
  deleteRepository,
  dismissReview,
  forcePush,
  mergePullRequest,
  reopenIssue,
  transferIssue,
} from './changes.ts';
import { countOf } from './count-of.ts';
import { fromGitHistory, fromHistoryFacts, readHistoryFacts, type CommitFacts } from './datasets/from-git-history.ts';
import { composeSpec, factsIn, linesOf } from './datasets/kept-history.ts';
import { generated } from './datasets/generated.ts';
import * as hand from './datasets/hand-checked.ts';
import { handChecked } from './datasets/hand-checked.ts';

/** Nobody's settings and nobody's hooks. */
const PLAIN_GIT = { PATH: process.env['PATH'], HOME: '/nonexistent', GIT_CONFIG_NOSYSTEM: '1' };

/** A history for `git fast-import`: two squash merges (one with co-authors), a merged pull request, a branch merged by git alone. */
const HISTORY = ((): string => {
  let mark = 0;
  const people = ['ada', 'ben', 'cleo'].map((name) => `${name} canary <${name}@canary.example>`);
  const commit = (branch: string, author: number, message: string, lines: string, parents = ''): string => {
    mark += 1;
    const when = `${1_767_225_600 + mark * 3_600} +0100`;
    return `commit refs/heads/${branch}\nmark :${mark}\nauthor ${people[author]} ${when}\ncommitter ${people[author]} ${when}
data ${Buffer.byteLength(message)}\n${message}\n${parents}M 100644 inline file-${branch}\ndata ${lines.length}\n${lines}\n`;
  };
  return [
    commit('main', 0, 'First', 'a\nb\nc\n'),
    commit('main', 1, `Squashed (#1)\n\nCo-authored-by: ${people[0]}\nCo-authored-by: ${people[2]}`, 'a\nd\n'),
    commit('pull', 2, 'On a branch', 'x\n', 'from :2\n'),
    commit('pull', 2, 'On it again', 'x\ny\n'),
    commit('main', 0, 'Merge pull request #2 from cleo/pull', 'a\nd\n', 'merge :4\n'),
    commit('side', 1, 'Beside', 'z\n', 'from :5\n'),
    commit('main', 0, "Merge branch 'side'", 'a\nd\n', 'merge :6\n'),
    commit('main', 2, `Squashed too (#3)\n\nCo-authored-by: ${people[2]}`, 'e\n'),
  ].join('');
})();

/** The largest first. */
function sizesOf(groups: ReadonlyMap<unknown, readonly unknown[]>): number[] {
  return [...groups.values()].map((all) => all.length).sort((one, other) => other - one);
}

describe('the data sets and their independent count', () => {
  test('the hand-checked data set comes to the numbers counted by hand', () => {
    const { data, repository, window } = handChecked();
    const count = countOf(data, window, repository);
    const shown = [...count.people.values()].map((person) => [
      person.githubId,
      ...Object.values(person.counts),
      person.linesAdded,
      person.linesDeleted,
      person.score,
    ]);
    // id, commits, opened, merged, reviewed, line comments, issues opened, closed, comments, releases, lines added, deleted, score
    const byHand = [
      [hand.ADA, 62, 1, 1, 2, 1, 2, 1, 3, 1, 1005, 125, 775.675],
      [hand.BEN, 44, 2, 1, 3, 2, 1, 1, 2, 1, 80_026, 40_009, 1114],
      [hand.CLEO, 3, 0, 1, 2, 0, 1, 0, 2, 1, 40, 4, 139.42],
      [hand.CORAL, 1, 1, 0, 0, 0, 1, 0, 1, 0, 2, 2, 36.03],
      [hand.DAN, 1, 1, 1, 2, 4, 0, 2, 0, 0, 200, 30, 122.15],
      [hand.MANNEQUIN, 0, 1, 1, 0, 0, 1, 0, 0, 0, 1, 1, 48.015],
      [hand.OCTO_CORP, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 23],
      [hand.GUS, 1, 0, 0, 0, 0, 0, 0, 0, 0, 9, 4, 10.11],
      [hand.CI_ROBOT, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 3],
      [hand.DEPENDABOT, 1, 1, 1, 1, 0, 0, 1, 1, 0, 4, 4, 78.06],
    ];
    expect(shown.sort((a, b) => Number(a[0]) - Number(b[0]))).toEqual(byHand);
    expect(Object.values(count.unattributed)).toEqual([24, 1, 1, 3, 1, 1, 1, 3, 1]);
    expect(count.contributions).toBe(210);
    expect(count.rows.filter((row) => row.kind === 'COMMIT_COAUTHOR').map((row) => row.githubId)).toEqual([
      hand.BEN,
      hand.CLEO,
      hand.ADA,
      hand.CORAL,
      hand.GUS,
    ]);
    const reasons = Object.groupBy(count.excluded, (row) => row.reason);
    expect(Object.fromEntries(Object.entries(reasons).map(([reason, rows]) => [reason, rows.length]))).toEqual({
      'merge commit': 2,
      'pending review': 2,
      'self review': 6,
      draft: 1,
    });
  });

  test('the numbers do not depend on the day the data set is made for', () => {
    const scores = ['2026-11-20', '2024-02-29', '2025-01-01'].map((today) => {
      const { data, repository, window } = handChecked(today);
      return [...countOf(data, window, repository).people.values()].map((person) => person.score);
    });
    expect(scores[1]).toEqual(scores[0]);
    expect(scores[2]).toEqual(scores[0]);
  });

  test('generated data are the same for the same seed, other for another, and made in time for 50,000 commits', () => {
    const size = { commits: 300, pullRequests: 120, comments: 50, seed: 7 };
    const scoresOf = (seed: number): number[] => {
      const { data, window } = generated({ ...size, seed });
      return [...countOf(data, window).people.values()].map((person) => person.score);
    };
    expect(scoresOf(7)).toEqual(scoresOf(7));
    expect(scoresOf(8)).not.toEqual(scoresOf(7));

    const before = process.cpuUsage();
    const { repository } = generated({ commits: 50_000, pullRequests: 20_000 });
    expect(repository.commits.size).toBe(50_000);
    expect(repository.pullRequests.size).toBe(20_000);
    // Of the processor's time: others may work beside.
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(6000);
  });

  test('a git history comes to what git itself counts, also of a shallow clone, and gives no name', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'laurels-history-'));
    try {
      const git = (...args: string[]): string => execFileSync('git', args, { cwd: directory, encoding: 'utf8', env: PLAIN_GIT });
      git('init', '-q', '-b', 'main', 'whole');
      execFileSync('git', ['-C', join(directory, 'whole'), 'fast-import', '--quiet'], { input: HISTORY, env: PLAIN_GIT });
      git('clone', '-q', '--bare', '--depth', '2', `file://${join(directory, 'whole')}`, 'shallow');
      for (const repository of ['whole', 'shallow']) {
        const log = (...args: string[]): string[] =>
          git('-C', repository, 'log', ...args, 'main')
            .split('\n')
            .filter(Boolean);
        const linesOfCommits = log('--no-merges', '--numstat', '--format=').map((line) => line.split('\t').map(Number));
        const byGit = {
          commits: log('--no-merges', '--format=%H').length,
          merges: log('--merges', '--format=%H').length,
          ofEach: sizesOf(Map.groupBy(log('--no-merges', '--format=%ae'), (email) => email)),
          coAuthors: log('--format=%ae %(trailers:key=Co-authored-by,valueonly,separator=%x20)').flatMap((line) =>
            line
              .matchAll(/<([^>]+)>/g)
              .filter(([, email]) => !line.startsWith(`${email} `))
              .toArray(),
          ).length,
          pullRequests: new Set(log('--format=%s').flatMap((subject) => /#(\d+)/.exec(subject)?.[1] ?? [])).size,
        };
        const { data, repository: made, window } = fromGitHistory(join(directory, repository));
        const { rows, excluded } = countOf(data, window);
        const of = (kind: string): typeof rows => rows.filter((row) => row.kind === kind);
        expect({
          commits: of('COMMIT').length,
          merges: excluded.length,
          ofEach: sizesOf(Map.groupBy(of('COMMIT'), (row) => row.githubId)),
          coAuthors: of('COMMIT_COAUTHOR').length,
          pullRequests: of('PR_MERGED').length,
        }).toEqual(byGit);
        const total = (column: 0 | 1): number => linesOfCommits.reduce((sum, line) => sum + (line[column] ?? 0), 0);
        const stored = [...made.commits.values()].filter((commit) => commit.parents.length < 2);
        expect(stored.reduce((sum, commit) => sum + commit.additions, 0)).toBe(total(0));
        expect(stored.reduce((sum, commit) => sum + commit.deletions, 0)).toBe(total(1));
        expect(stored[0]?.author.name).toMatch(/^Person \d+$/);
        expect(JSON.stringify([...made.commits.values()])).not.toMatch(/canary/i);
        const { commits } = readHistoryFacts(join(directory, repository));
        expect(factsIn(linesOf(commits))).toEqual(commits);
      }
      expect(git('-C', 'shallow', 'rev-parse', '--is-shallow-repository').trim()).toBe('true');
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  test('the history of a real public repository, kept as facts, comes to what git counted of it', () => {
    const { data, repository, window } = composeSpec();
    const { rows, excluded } = countOf(data, window);
    const commits = rows.filter((row) => row.kind === 'COMMIT');
    // git rev-list --no-merges --count, --merges --count; git log --no-merges --numstat --no-renames; the numbers in its subjects.
    expect([commits.length, excluded.length, rows.filter((row) => row.kind === 'PR_MERGED').length]).toEqual([432, 133, 117]);
    const plain = [...repository.commits.values()].filter((commit) => commit.parents.length < 2);
    const sum = (of: (commit: (typeof plain)[number]) => number): number => plain.reduce((total, commit) => total + of(commit), 0);
    expect([sum((one) => one.additions), sum((one) => one.deletions)]).toEqual([34_657, 22_993]);
    // git log --no-merges --format=%ae: the five busiest of 93.
    const people = sizesOf(Map.groupBy(plain, (commit) => commit.author.email));
    expect([people.length, ...people.slice(0, 5)]).toEqual([93, 131, 24, 21, 20, 19]);
    const facts = readFileSync(new URL('datasets/compose-spec.jsonl', import.meta.url), 'utf8');
    expect(linesOf(factsIn(facts))).toBe(facts);
    expect(facts).toMatch(/^[\d,[\]\nnul]+$/);
  });

  test('the facts of a history give merged pull requests: squashed, and merged with a branch', () => {
    const day = (number: number): string => `2026-03-0${number}T10:00:00Z`;
    const fact = (parents: number[], author: number, at: number, more: Partial<CommitFacts> = {}): CommitFacts => ({
      parents,
      author,
      coAuthors: [],
      authoredAt: day(at),
      committedAt: day(at),
      additions: 10,
      deletions: 1,
      changedFiles: 1,
      pullRequest: null,
      ...more,
    });
    const commits = [
      fact([], 0, 1),
      fact([0], 1, 2),
      fact([1], 1, 3),
      fact([0, 2], 0, 4, { pullRequest: 5, additions: 0, deletions: 0 }),
      fact([3], 2, 5, { pullRequest: 6, coAuthors: [0] }),
    ];
    const { data, repository, window } = fromHistoryFacts({ commits });
    expect(window).toEqual({ since: '2026-03-01', until: '2026-03-05' });
    const count = countOf(data, window);
    const shown = [...count.people.values()].map(({ login, counts, linesAdded, score }) => [
      login,
      counts.COMMIT,
      counts.PR_MERGED,
      linesAdded,
      score,
    ]);
    expect(shown).toEqual([
      ['person-2', 1, 1, 10, 10 + 15 + 25 + 0.105],
      ['person-0', 1, 0, 10, 10.105],
      ['person-1', 2, 1, 20, 20 + 15 + 25 + 0.21],
    ]);
    expect(repository.pullRequests.get(5)?.createdAt).toBe(day(2));
    expect(count.excluded).toHaveLength(1);
  });

  test('changes of the data change the count', () => {
    const { data, repository, other, window } = handChecked();
    const scoreOf = (id: number): number => countOf(data, window, repository).people.get(id)?.score ?? 0;
    const at = `${window.until}T09:00:00Z`;

    forcePush(data, repository, 1, [{ author: { name: 'Ada', email: 'ada@example.org' }, committedAt: at, additions: 100 }]);
    expect(countOf(data, window, repository).people.get(hand.BEN)?.counts.COMMIT).toBe(43);
    expect(scoreOf(hand.ADA)).toBeCloseTo(775.675 + 10 + 1, 6);

    mergePullRequest(data, repository, 20, { at, mergedById: hand.ADA });
    expect(countOf(data, window, repository).people.get(hand.BEN)?.counts.PR_MERGED).toBe(2);
    addReview(data, repository, 20, { id: 1, authorId: hand.CLEO, state: 'APPROVED', submittedAt: at });
    expect(countOf(data, window, repository).people.get(hand.CLEO)?.counts.PR_REVIEWED).toBe(3);

    reopenIssue(data, repository, 1, at, hand.ADA);
    closeIssue(data, repository, 1, at, hand.DAN);
    expect(countOf(data, window, repository).people.get(hand.DAN)?.counts.ISSUE_CLOSED).toBe(3);
    transferIssue(data, repository, 2, other, at);
    expect(countOf(data, window, repository).people.get(hand.DAN)?.counts.ISSUE_CLOSED).toBe(2);
    deleteAccount(data, hand.CI_ROBOT);
    expect(countOf(data, window, repository).people.has(hand.CI_ROBOT)).toBe(false);

    const before = countOf(data, window, repository).contributions;
    deleteComment(data, repository, 'reviewComments', repository.reviewComments.keys().next().value as number);
    deletePullRequest(data, repository, 22);
    // One comment on a line; one opened, one merged, one reviewed.
    expect(countOf(data, window, repository).contributions).toBe(before - 4);
    const approved = repository.pullRequests.get(11)?.reviews[0]?.id as number;
    dismissReview(data, repository, 11, approved);
    expect(countOf(data, window, repository).contributions).toBe(before - 4);
    deleteRepository(data, other);
    expect(data.onlyRepository).toBe(repository);
  });
});
