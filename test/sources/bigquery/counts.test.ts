import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createGharchiveSource } from '../../../src/sources/gharchive/source.ts';
import { importArchive } from '../../../src/sources/gharchive/importer.ts';
import { hasEmulator } from '../../fakes/bigquery/python.ts';
import { startFakeBigQuery, type FakeBigQuery } from '../../fakes/bigquery/server.ts';
import { readExpected, type ExpectedBoard } from '../../e2e/expected-boards.ts';
import { eventsOf, repositoryOf } from '../gharchive/count.ts';
import { FIXTURES, READABLE, SHARED_DATA, hasSharedData, useDirectories } from '../gharchive/directories.ts';
import { boardOf, readAll, targetOf as mirrorTargetOf } from '../gharchive/reading.ts';
import { accessTo, batchesOf, EVER, extractsOf, targetOf, type Access } from './extracting.ts';

const describeWithEmulator = (await hasEmulator()) ? describe : describe.skip;
const { make, archiveOf } = useDirectories();

/** The shared files that boards are computed from; without them the same events in the project's own. */
function filesOf(boards: readonly ExpectedBoard[]): readonly string[] {
  const cut: Readonly<Record<string, string>> = {
    '2023-user-events.ndjson': '2023-user-events.ndjson.gz',
    '2025-12_2026-08.ndjson': 'stub-2026.ndjson.gz',
  };
  return [...new Set(boards.flatMap(({ files }) => files))].map((file) =>
    hasSharedData ? join(SHARED_DATA, file) : join(FIXTURES, cut[basename(file)] ?? basename(file)),
  );
}

/** The contributions and facts of a repository, in an order of their own. */
function sorted(batches: Awaited<ReturnType<typeof batchesOf>>) {
  const byKey = (a: { kind: string; subject: string }, b: { kind: string; subject: string }) =>
    `${a.kind} ${a.subject}` < `${b.kind} ${b.subject}` ? -1 : 1;
  return {
    contributions: batches.flatMap((batch) => batch.contributions).toSorted(byKey),
    pullRequests: batches.flatMap((batch) => batch.pullRequests).toSorted((a, b) => a.number - b.number),
  };
}

describeWithEmulator('the same rows in BigQuery and in files', () => {
  let bigquery: FakeBigQuery;
  let access: Access;
  beforeAll(async () => {
    // A line with half a character is refused by the importer of files, and by BigQuery's loader before that.
    const events = eventsOf(READABLE).filter((event) => !/\\ud[89a-f]/.test(JSON.stringify(event)));
    bigquery = await startFakeBigQuery({ events });
    access = accessTo(bigquery);
  }, 300_000);
  afterAll(() => bigquery.stop());

  test('give the same contributions and facts of every repository of every era, all of them by one query', async () => {
    const mirrorDir = make('mirror');
    await importArchive({ directory: archiveOf(READABLE), mirrorDir });
    const mirror = createGharchiveSource({ mirrorDir });
    // The repositories with the most events, of both ways to name one: the emulator takes seconds for hundreds of parameters.
    const byEvents = [...Map.groupBy(eventsOf(READABLE), repositoryOf)].toSorted(([, a], [, b]) => b.length - a.length);
    const repositories = (['number', 'string'] as const).flatMap((named) =>
      byEvents
        .filter(([repository]) => typeof repository === named)
        .slice(0, 40)
        .map(([repository, [event]]) => ({
          githubId: typeof repository === 'number' ? repository : null,
          name: String(event.repo?.name ?? repository),
        })),
    );
    expect(repositories).toHaveLength(80);
    const extracts = await extractsOf(
      access,
      repositories.map((repository) => ({ ...repository, ...EVER })),
    );
    expect(bigquery.executions).toBe(1);
    for (const [index, { name, githubId }] of repositories.entries()) {
      const found = sorted(await batchesOf(access, targetOf(name, extracts[index]!)));
      const { contributions, pullRequests } = await readAll(mirror, mirrorTargetOf(name, { githubId, window: EVER }));
      const wanted = sorted([{ contributions, pullRequests: [...pullRequests.values()], cursor: {}, done: true }]);
      // Of the timeline era BigQuery does not keep the address, which alone told the number of a comment.
      const bare = ({ contributions: rows, pullRequests: facts }: typeof found) =>
        githubId !== null
          ? { rows, facts }
          : { rows: rows.map((row) => ({ ...row, number: null })), facts: facts.filter((fact) => fact.createdAt !== null) };
      expect({ name, ...bare(found) }).toEqual({ name, ...bare(wanted) });
    }
  }, 300_000);

  test('give the counts of an independent program', async () => {
    const expected = await readExpected();
    // The first board is computed from its own files alone, which lack rows that the others' have of it.
    const [first] = expected;
    for (const boards of [expected.filter((board) => board === first), expected.filter((board) => board !== first)]) {
      await bigquery.drop();
      await bigquery.add({ files: filesOf(boards) });
      const extracts = await extractsOf(
        access,
        boards.map(({ repository }) => ({ name: repository, githubId: null, ...EVER })),
      );
      for (const [index, { repository, contributions, contributors }] of boards.entries()) {
        const found = sorted(await batchesOf(access, targetOf(repository, extracts[index]!)));
        const board = boardOf({ ...found, pullRequests: new Map(found.pullRequests.map((fact) => [fact.number, fact])) });
        const people = board.people.map((person) => Object.fromEntries(Object.entries(person).filter(([, count]) => count !== 0)));
        expect({ repository, contributions: board.contributions, people }).toEqual({
          repository,
          contributions,
          people: contributors
            .map((counts) => Object.fromEntries(Object.entries(counts).filter(([name]) => name !== 'total_score')))
            .toSorted((a, b) => (String(a['username']) < String(b['username']) ? -1 : 1)),
        });
      }
    }
  }, 300_000);
});
