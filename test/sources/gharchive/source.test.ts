import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { importArchive } from '../../../src/sources/gharchive/importer.ts';
import { createGharchiveSource } from '../../../src/sources/gharchive/source.ts';
import { countOf, eventsOf, repositoryOf, type Count } from './count.ts';
import { FIXTURES, hasSharedData, READABLE, SHARED_DATA, useDirectories } from './directories.ts';
import { batchesOf, boardOf, readAll, targetOf } from './reading.ts';

const { make, archiveOf } = useDirectories();

async function sourceOf(paths: readonly string[]) {
  const mirrorDir = make('mirror');
  const report = await importArchive({ directory: archiveOf(paths), mirrorDir });
  return { source: createGharchiveSource({ mirrorDir }), mirrorDir, report };
}

const fixture = (name: string): string => join(FIXTURES, name);

describe('counting', () => {
  /** A timeline repository's name may be a later one's too, whose rows a count by id leaves out: so that era is imported alone. */
  test.each([
    ['the timeline era', (path: string) => path.includes('2012')],
    ['the eras with ids', (path: string) => !path.includes('2012') && !path.endsWith('traps.ndjson')],
  ])('every repository of %s counts as an independent program counts it', async (_era, isOfEra) => {
    const paths = READABLE.filter(isOfEra);
    const { source, report } = await sourceOf(paths);
    expect(report).toMatchObject({ imported: paths.length, refused: 0, quarantined: 0 });
    const events = eventsOf(paths);
    const byRepository = Map.groupBy(events, repositoryOf);
    byRepository.delete(null);
    expect(byRepository.size).toBeGreaterThan(50);
    for (const [repository, own] of byRepository) {
      const name = String(own[0].repo?.name ?? repository);
      const target = targetOf(name, { githubId: typeof repository === 'number' ? repository : null });
      expect({ name, ...boardOf(await readAll(source, target)) }).toEqual({ name, ...countOf(own, repository!) });
    }
  });

  test('the traps count as their comments say', async () => {
    const { source, report } = await sourceOf([fixture('traps.ndjson')]);
    expect(report).toMatchObject({ imported: 1, refused: 0, quarantined: 4 });
    expect(report.files[0]?.reason).toContain('lone surrogate');
    const { contributions, pullRequests, gaps } = await readAll(source, targetOf('sample-org/TRAPS'));
    const ada = expect.objectContaining({ githubId: 900_000_101, login: 'trap-ada' });
    const ben = expect.objectContaining({ githubId: 900_000_102, login: 'trap-ben' });
    const row = (kind: string, subject: string, actor: unknown, occurredAt: string, more: object = {}) =>
      expect.objectContaining({
        kind,
        subject,
        actor,
        occurredAt: new Date(occurredAt),
        quantity: 1,
        linesAdded: null,
        isEstimate: false,
        ...more,
      });
    const push = (quantity: number | null) => ({ quantity, isEstimate: true });
    expect(contributions.toSorted((a, b) => (`${a.kind} ${a.subject}` < `${b.kind} ${b.subject}` ? -1 : 1))).toEqual([
      row('COMMENT', 'commit:80001', ben, '2026-01-13T13:00:00Z'),
      row('COMMENT', 'issue:80001', ben, '2026-01-09T08:00:00Z', { number: 3 }),
      row('COMMIT', 'push:82001', ada, '2026-01-13T10:00:00Z', push(3)),
      row('COMMIT', 'push:82002', ada, '2026-01-13T11:00:00Z', push(null)),
      row('COMMIT', 'push:82003', ada, '2026-01-13T12:00:00Z', push(0)),
      row('ISSUE_CLOSED', '5', ben, '2026-01-12T10:00:00Z'),
      row('ISSUE_OPENED', '6', ada, '2026-01-15T10:00:00Z', { sourceEvent: '70000000001' }),
      row('ISSUE_OPENED', '8', expect.objectContaining({ login: 'trap-cy' }), '2026-01-16T10:00:00Z'),
      row('PR_MERGED', '1', ada, '2026-01-06T12:00:00Z'),
      row('PR_MERGED', '3', ada, '2026-01-08T20:00:00Z'),
      row('PR_MERGED', '4', ada, '2026-01-10T10:00:01Z', { linesAdded: 12, linesDeleted: 3 }),
      row('PR_OPENED', '1', ada, '2026-01-05T10:00:00Z', { sourceEvent: '70000000001' }),
      row('PR_REVIEWED', '1:900000101', ada, '2026-01-06T09:40:00Z'),
      row('PR_REVIEWED', '1:900000102', ben, '2026-01-06T09:00:00Z'),
      row('PR_REVIEWED', '1:ghost:81004', null, '2026-01-06T09:50:00Z'),
      row('RELEASE', '83001', ada, '2026-01-14T10:00:00Z'),
    ]);
    expect(pullRequests.get(3)).toEqual({
      number: 3,
      author: expect.objectContaining({ login: 'trap-ada' }),
      baseRef: null,
      createdAt: new Date('2026-01-07T07:00:00Z'),
      mergedAt: new Date('2026-01-08T20:00:00Z'),
    });
    expect(gaps).toContainEqual({ kind: 'COMMIT', month: '2026-01', reason: 'how many commits they brought is unknown for 1 of 3 pushes' });
    expect(gaps).toContainEqual({ kind: 'PR_MERGED', month: '2026-01', reason: 'lines are unknown for 2 of 3 merged pull requests' });
  });

  test('timeline rows are found by name, keep the login without an id, and their local times become UTC', async () => {
    const { source } = await sourceOf([fixture('2012-06-14-15.json.gz')]);
    const { contributions } = await readAll(source, targetOf('FourSquare/graphite'));
    const merged = contributions.find((row) => row.kind === 'PR_MERGED');
    expect(merged).toMatchObject({ subject: '17', linesAdded: 4, linesDeleted: 2, actor: { githubId: null, login: 'slackhappy' } });
    expect(merged?.occurredAt).toEqual(new Date('2012-06-14T22:02:44Z'));
    expect((await source.plan(targetOf('foursquare/graphite'))).githubId).toBeNull();
  });

  (hasSharedData ? test : test.skip)('the six repositories of expected.json come out as it says', async () => {
    const expected = JSON.parse(readFileSync(join(SHARED_DATA, 'expected.json'), 'utf8'));
    for (const { repository, repository_id, files, contributions, contributors } of expected) {
      const { source } = await sourceOf(files.map((file: string) => join(SHARED_DATA, file)));
      expect((await source.plan(targetOf(repository))).githubId).toBe(repository_id);
      const board = boardOf(await readAll(source, targetOf(repository)));
      const people: Count['people'] = contributors.map((person: object) =>
        Object.fromEntries(Object.entries(person).filter(([field]) => field !== 'total_score')),
      );
      expect({ repository, ...board }).toEqual({
        repository,
        contributions,
        people: people.toSorted((a, b) => (a.username < b.username ? -1 : 1)),
      });
    }
  });
});

describe('a window', () => {
  test('takes contributions of its days only, but knows an author from rows outside of it', async () => {
    const { source } = await sourceOf([fixture('traps.ndjson')]);
    const target = targetOf('Sample-Org/Traps', { window: { since: '2026-01-06', until: '2026-01-06' } });
    const { contributions } = await readAll(source, target);
    expect(contributions.map((row) => row.kind).toSorted()).toEqual(['PR_MERGED', 'PR_REVIEWED', 'PR_REVIEWED', 'PR_REVIEWED']);
    expect(contributions.find((row) => row.kind === 'PR_MERGED')?.actor?.login).toBe('trap-ada');
    expect((await source.plan(target)).total).toBe(4);
  });
});

describe('coverage', () => {
  test('names the hours that were read, those that lack, and every refused file', async () => {
    const damaged = ['3', '5'].map((hour) => fixture(`damaged/2015-01-01-${hour}.json.gz`));
    const { source } = await sourceOf([fixture('2015-01-01-0.json.gz'), fixture('2015-01-01-1.json.gz'), ...damaged]);
    const window = { since: '2014-12-15', until: '2015-02-10' };
    const { covered, gaps } = await readAll(source, targetOf('rust-lang/rust', { window }));
    expect(covered).toEqual([{ kind: null, since: '2015-01-01', until: '2015-01-01', state: 'degraded', note: '2 of 24 hours imported' }]);
    expect(gaps).toEqual([
      {
        kind: null,
        month: '2015-01',
        reason:
          '742 of 744 hours not imported; not sound: 2015-01-01-3.json.gz (the gzip is cut off before its end), 2015-01-01-5.json.gz (the file has no bytes)',
      },
      { kind: null, month: null, reason: 'no hour imported of 2014-12, 2015-02 (2 months)' },
    ]);
  });

  test('says what an era can not show: commits of a push, lines, merges', async () => {
    const { source } = await sourceOf([fixture('2025-11-18-15.json.gz')]);
    const gaps = [];
    const closed = eventsOf([fixture('2025-11-18-15.json.gz')]).filter(
      (event) => event.payload.action === 'closed' || event.payload.push_id,
    );
    const repositories = new Set(closed.slice(0, 30).map((event) => event.repo.name as string));
    for (const repository of repositories) gaps.push(...(await readAll(source, targetOf(repository))).gaps);
    expect(gaps.map(({ kind, reason }) => `${kind} ${reason}`)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^COMMIT how many commits they brought is unknown for \d+ of \d+ pushes/),
        expect.stringMatching(/^PR_MERGED whether they were merged is unknown for \d+ closed pull requests/),
      ]),
    );
  });

  test('of a repository that no file names is a gap, not an error', async () => {
    const { source } = await sourceOf([fixture('traps.ndjson')]);
    const target = targetOf('no-one/nothing', { window: { since: '2026-01-01', until: '2026-01-31' } });
    expect(await source.plan(target)).toMatchObject({ githubId: null, total: 0, unit: 'contributions' });
    const { contributions, gaps } = await readAll(source, target);
    expect(contributions).toEqual([]);
    expect(gaps[0]).toEqual({ kind: null, month: null, reason: 'no-one/nothing does not appear in the imported archive files' });
  });

  test('without a mirror says that nothing was imported', async () => {
    const source = createGharchiveSource({ mirrorDir: join(make('none'), 'mirror') });
    expect(await source.plan(targetOf('a/b'))).toMatchObject({ slices: [{ source: 'gharchive', slice: 'mirror' }], total: 0 });
    const { covered, gaps } = await readAll(source, targetOf('a/b'));
    expect({ covered, gaps }).toEqual({ covered: [], gaps: [{ kind: null, month: null, reason: 'no archive file has been imported' }] });
  });
});

/** Events of one repository, `count` comments on as many issues. */
function manyComments(count: number): string {
  return Array.from({ length: count }, (_, index) =>
    JSON.stringify({
      id: String(index),
      type: 'IssueCommentEvent',
      actor: {
        id: 7,
        login: 'many',
      },
      repo: {
        id: 77,
        name: 'many/comments',
      },
      payload: {
        action: 'created',
        issue: { number: index + 1 },
        comment: { id: index + 1 },
      },
      created_at: '2026-01-01T00:00:00Z',
    }),
  ).join('\n');
}

describe('reading in batches', () => {
  test('goes on from a cursor with what was left, and starts again when the mirror has changed', async () => {
    const directory = make('archive');
    const mirrorDir = make('mirror');
    writeFileSync(join(directory, 'many.ndjson'), manyComments(12_000));
    await importArchive({ directory, mirrorDir });
    const source = createGharchiveSource({ mirrorDir });
    const target = targetOf('many/comments');
    const whole = await batchesOf(source, target);
    expect(whole.map((batch) => batch.contributions.length)).toEqual([5000, 5000, 2000]);
    expect(whole.map((batch) => batch.done)).toEqual([false, false, true]);
    const rest = await batchesOf(createGharchiveSource({ mirrorDir }), target, whole[0]!.cursor);
    expect(rest).toEqual(whole.slice(1));
    expect(await batchesOf(source, target, whole[2]!.cursor)).toEqual([{ ...whole[2], contributions: [] }]);

    writeFileSync(join(directory, 'more.ndjson'), manyComments(3));
    await importArchive({ directory, mirrorDir });
    const again = await batchesOf(source, target, whole[0]!.cursor);
    expect(again.map((batch) => batch.contributions)).toEqual(whole.map((batch) => batch.contributions));
  });

  test('a read sees one state of the mirror while an import replaces what it reads', async () => {
    const directory = make('archive');
    const mirrorDir = make('mirror');
    writeFileSync(join(directory, 'many.ndjson'), manyComments(12_000));
    await importArchive({ directory, mirrorDir });
    const read = createGharchiveSource({ mirrorDir }).read(targetOf('many/comments'), 'mirror', null, new AbortController().signal);
    const batches = read[Symbol.asyncIterator]();
    let seen = (await batches.next()).value!.contributions.length;
    writeFileSync(join(directory, 'many.ndjson'), manyComments(10));
    expect(await importArchive({ directory, mirrorDir })).toMatchObject({ files: [{ status: 'replaced' }] });
    for (let next = await batches.next(); next.done !== true; next = await batches.next()) seen += next.value.contributions.length;
    expect(seen).toBe(12_000);
    const after = await readAll(createGharchiveSource({ mirrorDir }), targetOf('many/comments'));
    expect(after.contributions.length).toBe(10);
  });

  test('an aborted read stops with the reason', async () => {
    const { source } = await sourceOf([fixture('traps.ndjson')]);
    const reason = new Error('worker shuts down');
    const read = async () => {
      for await (const _ of source.read(targetOf('Sample-Org/Traps'), 'mirror', null, AbortSignal.abort(reason))) void _;
    };
    await expect(read()).rejects.toBe(reason);
  });
});

test('a name belongs to the repository that carried it last, whatever its case', async () => {
  const directory = make('archive');
  const mirrorDir = make('mirror');
  const event = (id: number, repo: object, at: string) =>
    JSON.stringify({
      id: String(id),
      type: 'WatchEvent',
      actor: { id: 1, login: 'a' },
      repo,
      payload: { action: 'started' },
      created_at: at,
    });
  const lines = [
    event(1, { id: 5, name: 'Old/Name' }, '2020-01-01T00:00:00Z'),
    event(2, { id: 6, name: 'old/name' }, '2021-01-01T00:00:00Z'),
    event(3, { id: 5, name: 'new/name' }, '2021-01-01T00:00:00Z'),
  ];
  writeFileSync(join(directory, 'names.ndjson'), lines.join('\n'));
  await importArchive({ directory, mirrorDir });
  const source = createGharchiveSource({ mirrorDir });
  expect((await source.plan(targetOf('OLD/NAME'))).githubId).toBe(6);
  expect((await source.plan(targetOf('new/name'))).githubId).toBe(5);
  expect((await source.plan(targetOf('new/name', { githubId: 9 }))).githubId).toBe(9);
});
