import { closeIssue, addReview, pushCommits, reopenIssue, updatePullRequest } from '../fakes/github/changes.ts';
import { generated, type GeneratedSize } from '../fakes/github/datasets/generated.ts';
import type { FakeRepository } from '../fakes/github/data-set.ts';
import * as faults from '../fakes/github/faults.ts';
import { startFakeGithub, type FakeGithub } from '../fakes/github/server.ts';
import type { Random } from './random.ts';

/** A fake GitHub with several repositories of the same people, on which work goes on. */
export interface GithubWorld {
  readonly fake: FakeGithub;
  /** `owner/name`. */
  readonly names: readonly string[];
  /** Somebody does something somewhere. */
  work(): string;
  /** Something goes wrong with one of the next requests. Says what. */
  fail(): string;
}

const FIRST_ID = 5_000;

/** Starts it. Repositories differ in what happened, not in who they are. */
export async function startGithubWorld({
  repositories,
  size,
  today,
  random,
}: {
  readonly repositories: number;
  /** What each begins with. */
  readonly size: GeneratedSize;
  readonly today: string;
  readonly random: Random;
}): Promise<GithubWorld> {
  const { data, repository: first } = generated({ ...size, today, seed: 1 });
  const all: FakeRepository[] = [first];
  for (let index = 1; index < repositories; index += 1) {
    const { repository } = generated({ ...size, today, seed: index + 1 });
    const moved: FakeRepository = { ...repository, id: FIRST_ID + index, name: `generated-${index}` };
    for (const commit of moved.commits.values()) {
      commit.pullRequests = commit.pullRequests.map(({ number }) => ({ repositoryId: moved.id, number }));
    }
    data.repositories.set(moved.id, moved);
    all.push(moved);
  }
  data.touch();
  const fake = await startFakeGithub({ dataset: data, limits: { graphql: 10_000_000, core: 10_000_000 } });
  const now = (): string => `${new Date().toISOString().slice(0, 19)}Z`;
  const someone = (): number => random.pick([...data.accounts.values()].filter(({ type }) => type !== 'Organization')).id;
  const changes: Readonly<Record<string, (repository: FakeRepository) => void>> = {
    push(repository) {
      const account = data.accounts.get(someone());
      const author = { name: account?.name ?? 'Somebody', email: account?.emails[0] ?? 'somebody@elsewhere.example' };
      pushCommits(data, repository, [{ author, committedAt: now(), additions: random.below(50), deletions: random.below(20) }]);
    },
    close(repository) {
      const open = [...repository.issues.values()].filter(({ closedAt }) => closedAt === null);
      if (open.length > 0) closeIssue(data, repository, random.pick(open).number, now(), someone());
    },
    reopen(repository) {
      const closed = [...repository.issues.values()].filter(({ closedAt }) => closedAt !== null);
      if (closed.length > 0) reopenIssue(data, repository, random.pick(closed).number, now(), someone());
    },
    review(repository) {
      const pull = random.pick([...repository.pullRequests.values()]);
      addReview(data, repository, pull.number, {
        id: 1_900_000_000 + random.below(90_000_000),
        authorId: someone(),
        state: 'APPROVED',
        submittedAt: now(),
      });
    },
    edit(repository) {
      updatePullRequest(data, repository, random.pick([...repository.pullRequests.keys()]), now());
    },
  };
  const misfortunes: Readonly<Record<string, () => faults.Fault>> = {
    'bad gateway': () => faults.htmlError(502),
    'connection reset': () => faults.connectionReset(),
    'connection cut': () => faults.connectionCut(),
    'truncated json': () => faults.truncatedJson(),
    'quota exhausted': () => faults.quotaExhausted({ resetInSeconds: 10 + random.below(40) }),
    'cursors expired': () => faults.cursorsExpired(),
    'repeated page': () => faults.repeatedPage(),
    'slow body': () => faults.slowBody(2_000),
    silence: () => faults.silence(),
  };
  return {
    fake,
    names: all.map((repository) => data.fullNameOf(repository)),
    work() {
      const what = random.pick(Object.keys(changes));
      changes[what]?.(random.pick(all));
      // What was asked is of no use here, and would grow for an hour.
      fake.requests.splice(0, Math.max(0, fake.requests.length - 1_000));
      return what;
    },
    fail() {
      const what = random.pick(Object.keys(misfortunes));
      const fault = misfortunes[what]?.();
      if (fault !== undefined) fake.faults.add({ times: 1 + random.below(3) }, fault);
      return what;
    },
  };
}
