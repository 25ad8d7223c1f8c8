import { expect } from '@jest/globals';
import { readBoard } from '../../src/db/board-query.ts';
import type { Database } from '../../src/db/database.ts';
import type { StoredJob } from '../../src/db/jobs.ts';
import { SCORED, SCORED_KINDS } from '../../src/domain/scoring.ts';
import { countOf } from '../fakes/github/count-of.ts';
import type { HandChecked } from '../fakes/github/datasets/hand-checked.ts';
import type { FakeGithub } from '../fakes/github/server.ts';

/** The end of a job that has everything. */
export const ended = { status: 'COMPLETED', errorMessage: null, complete: true, incomplete: [] };

/** Counts, lines and scores of everybody on the board, as the independent count has them. */
export async function expectRightBoard(
  db: Database,
  { data, repository, github }: Pick<HandChecked, 'data' | 'repository'> & { readonly github: FakeGithub },
  job: StoredJob,
): Promise<void> {
  expect(github.mistakes).toEqual([]);
  const { people, rows } = countOf(data, job.window, repository);
  const { data: board } = await readBoard(db, {
    scope: { repositoryId: job.repositoryId as number },
    window: 'default',
    include: ['bots', 'agents'],
    limit: 'all',
  });
  const shown = board.map((row) => [
    row.contributor.github_id,
    ...SCORED_KINDS.map((kind) => row[SCORED[kind].column]),
    row.lines_added ?? 0,
    row.lines_deleted ?? 0,
    row.total_score,
  ]);
  // Who only co-authored is on no board while co-authors do not count.
  const ranked = [...people.values()].filter(({ counts }) => Object.values(counts).some((count) => count > 0));
  const counted = ranked.map((person) => [
    person.githubId,
    ...SCORED_KINDS.map((kind) => person.counts[kind]),
    person.linesAdded,
    person.linesDeleted,
    person.score,
  ]);
  const byId = (a: readonly unknown[], b: readonly unknown[]): number => Number(a[0]) - Number(b[0]);
  expect(shown.sort(byId)).toEqual(counted.sort(byId));
  if (job.type !== 'FULL') return;
  expect(job.eventsProcessed).toBe(rows.length);
  // Everybody by the name they have now, whoever had it before. A refresh learns only the names it meets.
  const names = board.map(({ contributor }) => [contributor.github_id, contributor.username] as const);
  const now = names.map(([id, name]) => [id, data.account(id)?.login ?? name]);
  expect(names).toEqual(now);
}
