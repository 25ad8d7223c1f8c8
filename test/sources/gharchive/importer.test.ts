import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { hasMirror, importArchive } from '../../../src/sources/gharchive/importer.ts';
import { loadManifest } from '../../../src/sources/gharchive/manifest.ts';
import { lockMirror } from '../../../src/sources/gharchive/mirror-lock.ts';
import { openScratch } from '../../../src/sources/gharchive/scratch.ts';
import { createGharchiveSource } from '../../../src/sources/gharchive/source.ts';
import { countOf, eventsOf } from './count.ts';
import { FIXTURES, READABLE, useDirectories } from './directories.ts';
import { boardOf, readAll, targetOf } from './reading.ts';

const { make, archiveOf } = useDirectories();
const fixture = (name: string): string => join(FIXTURES, name);
const ZERO = fixture('2015-01-01-0.json.gz');
const ONE = fixture('2015-01-01-1.json.gz');

/** What an independent count of the two hours finds of the repository. */
const IN_BOTH_HOURS = countOf(eventsOf([ZERO, ONE]), 26_730_195).contributions;

const cachet = async (mirrorDir: string) => boardOf(await readAll(createGharchiveSource({ mirrorDir }), targetOf('cachethq/cachet')));
const comment = (id: number, more: object = {}): string =>
  JSON.stringify({
    id: String(id),
    type: 'IssueCommentEvent',
    actor: {
      id: 7,
      login: 'seven',
    },
    repo: {
      id: 77,
      name: 'some/thing',
    },
    payload: {
      action: 'created',
      issue: { number: id },
      comment: { id },
    },
    created_at: '2026-01-01T00:00:00Z',
    ...more,
  });
const contributionsOf = async (mirrorDir: string): Promise<number> =>
  (await readAll(createGharchiveSource({ mirrorDir }), targetOf('some/thing'))).contributions.length;

describe('a file that can not be used', () => {
  test('A091, A093: is refused by name with a reason, and the others are read', async () => {
    const damaged = readdirSync(join(FIXTURES, 'damaged')).map((name) => join(FIXTURES, 'damaged', name));
    const mirrorDir = make('mirror');
    const directory = archiveOf([...damaged, ZERO, ONE]);
    const { files, imported, refused } = await importArchive({ directory, mirrorDir });
    expect({ imported, refused }).toEqual({ imported: 2, refused: 8 });
    const reasons = new Map(files.filter((file) => file.status === 'refused').map((file) => [file.name, [file.state, file.reason]]));
    expect(Object.fromEntries(reasons)).toEqual({
      '2015-01-01-3.json.gz': ['damaged', 'the gzip is cut off before its end'],
      '2015-01-01-4.json.gz': ['damaged', 'the gzip is damaged: incorrect data check'],
      '2015-01-01-5.json.gz': ['empty', 'the file has no bytes'],
      '2015-01-01-6.json.gz': ['empty', 'the gzip holds nothing'],
      '2015-01-01-7.json.gz': ['damaged', 'it is a web page, so the download failed'],
      '2015-01-01-8.json.gz': ['damaged', 'it has no gzip header'],
      '2015-01-01-9.json': ['damaged', expect.stringMatching(/^none of its 1 lines is an event/)],
      '2015-01-01-10.json.gz': ['damaged', 'the gzip is cut off before its end'],
    });
    expect(files.find((file) => file.name === '2015-01-01-1.json.gz')).toMatchObject({
      hour: '2015-01-01T01:00:00Z',
      state: 'ok',
      status: 'imported',
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect((await cachet(mirrorDir)).contributions).toBe(IN_BOTH_HOURS);
    // A second look refuses them again and reads nothing.
    expect(await importArchive({ directory, mirrorDir })).toMatchObject({ imported: 0, unchanged: 2, refused: 8 });
  });

  test('does not take the place of the sound one of its hour; a repaired one takes the place of a damaged one', async () => {
    const mirrorDir = make('mirror');
    const directory = archiveOf([ONE]);
    await importArchive({ directory, mirrorDir });
    const path = join(directory, basename(ONE));
    writeFileSync(path, readFileSync(ONE).subarray(0, 5000));
    expect(await importArchive({ directory, mirrorDir })).toMatchObject({ files: [{ status: 'refused', state: 'damaged' }] });
    expect((await cachet(mirrorDir)).contributions).toBe(36);
    copyFileSync(ONE, path);
    expect(await importArchive({ directory, mirrorDir })).toMatchObject({ files: [{ status: 'unchanged' }] });
    const manifest = await loadManifest(mirrorDir);
    expect(manifest?.files).toHaveLength(1);
  });
});

describe('importing again', () => {
  test('changes nothing, also when files were touched or lie in another directory', async () => {
    const mirrorDir = make('mirror');
    const directory = archiveOf(READABLE);
    const first = await importArchive({ directory, mirrorDir });
    const { generation } = (await loadManifest(mirrorDir))!;
    for (const name of readdirSync(directory)) utimesSync(join(directory, name), new Date(), new Date());
    const second = await importArchive({ directory, mirrorDir });
    const third = await importArchive({ directory: archiveOf(READABLE), mirrorDir });
    for (const again of [second, third]) {
      expect(again).toMatchObject({ imported: 0, unchanged: first.imported, refused: 0, rows: 0 });
      expect(again.files).toEqual(first.files.map((file) => ({ ...file, status: 'unchanged' })));
    }
    expect((await loadManifest(mirrorDir))?.generation).toBe(generation);
  });

  test('a file with other content takes the place of the one of its name, or of its hour, and no row of the old one is left', async () => {
    const [mirrorDir, directory] = [make('mirror'), make('archive')];
    writeFileSync(join(directory, '2026-01-01-0.json'), [1, 2, 3].map((id) => comment(id)).join('\n'));
    writeFileSync(join(directory, 'more.ndjson'), comment(10));
    await importArchive({ directory, mirrorDir });
    expect(await contributionsOf(mirrorDir)).toBe(4);
    rmSync(join(directory, '2026-01-01-0.json'));
    writeFileSync(join(directory, '2026-01-01-00.json.gz'), gzipSync(comment(4)));
    writeFileSync(join(directory, 'more.ndjson'), [11, 12].map((id) => comment(id)).join('\n'));
    const { files } = await importArchive({ directory, mirrorDir });
    expect(files.map(({ name, status }) => [name, status])).toEqual([
      ['2026-01-01-00.json.gz', 'replaced'],
      ['more.ndjson', 'replaced'],
    ]);
    expect(await contributionsOf(mirrorDir)).toBe(3);
    const manifest = await loadManifest(mirrorDir);
    expect(manifest).toMatchObject({ dead: [], files: [{ number: 3 }, { number: 4 }] });
    expect(manifest?.parts.filter((part) => part.holds === 'rows').map((part) => part.rows)).toEqual([3]);
  });

  test('of two files for one hour the first that can be used counts', async () => {
    const [mirrorDir, directory] = [make('mirror'), make('archive')];
    writeFileSync(join(directory, '2026-01-01-0.json'), '<html>');
    writeFileSync(join(directory, '2026-01-01-0.json.gz'), gzipSync(comment(1)));
    writeFileSync(join(directory, '2026-01-01-00.ndjson'), comment(2));
    const statuses = async () => (await importArchive({ directory, mirrorDir })).files.map(({ status, reason }) => [status, reason]);
    const refused = ['refused', expect.stringContaining('none of its 1 lines')];
    const crowded = ['refused', '2026-01-01-0.json.gz holds the same hour and was taken'];
    expect(await statuses()).toEqual([refused, ['imported', null], crowded]);
    expect(await statuses()).toEqual([refused, ['unchanged', null], crowded]);
    expect(await contributionsOf(mirrorDir)).toBe(1);
  });
});

describe('what is counted once', () => {
  test('A095: a line that comes twice, an hour under another name, every line of a file doubled', async () => {
    const [mirrorDir, directory] = [make('mirror'), make('archive')];
    const text = gunzipSync(readFileSync(ONE)).toString('utf8');
    writeFileSync(join(directory, 'doubled.ndjson'), text + text);
    copyFileSync(ONE, join(directory, 'copy of an hour.json.gz'));
    copyFileSync(ONE, join(directory, basename(ONE)));
    // Two gzips in one file are one file.
    writeFileSync(join(directory, 'two members.json.gz'), Buffer.concat([gzipSync(text.slice(0, 9000)), gzipSync(text.slice(9000))]));
    expect(await importArchive({ directory, mirrorDir })).toMatchObject({ refused: 0, quarantined: 0 });
    expect((await cachet(mirrorDir)).contributions).toBe(36);
  });
});

test('an hour of which too few events are pull requests is counted and flagged', async () => {
  const [mirrorDir, directory] = [make('mirror'), make('archive')];
  writeFileSync(join(directory, '2026-03-10-15.json'), Array.from({ length: 1200 }, (_, index) => comment(index + 1)).join('\n'));
  const { files } = await importArchive({ directory, mirrorDir });
  expect(files).toMatchObject([
    { state: 'degraded', status: 'imported', prShare: 0, rows: 1200, reason: expect.stringContaining('only 0.0 %') },
  ]);
  const target = targetOf('some/thing', { window: { since: '2026-03-10', until: '2026-03-10' } });
  const { covered, gaps } = await readAll(createGharchiveSource({ mirrorDir }), target);
  expect(covered).toMatchObject([{ state: 'degraded', note: '1 of 24 hours imported; 1 hour captured badly' }]);
  expect(gaps[0]?.reason).toMatch(/^23 of 24 hours not imported; not sound: 2026-03-10-15.json \(only 0.0 %/);
});

test('a day with all its hours is complete', async () => {
  const [mirrorDir, directory] = [make('mirror'), make('archive')];
  for (let hour = 0; hour < 24; hour += 1) writeFileSync(join(directory, `2026-01-01-${hour}.json`), comment(hour + 1));
  await importArchive({ directory, mirrorDir });
  const target = targetOf('some/thing', { window: { since: '2026-01-01', until: '2026-01-01' } });
  const { covered, gaps, contributions } = await readAll(createGharchiveSource({ mirrorDir }), target);
  expect(covered).toEqual([{ kind: null, since: '2026-01-01', until: '2026-01-01', state: 'complete', note: null }]);
  expect({ gaps, contributions: contributions.length }).toEqual({ gaps: [], contributions: 24 });
});

test('A127: directories and files with quotes and patterns in their names are read as they are called', async () => {
  const directory = make(`a'b "c" [d]*? {e}`);
  const mirrorDir = join(make(`it's`), 'mir"ror;--');
  for (const [index, name] of [`o'clock.json`, '*.ndjson', `[x]'); DROP TABLE stage;--.json`].entries()) {
    writeFileSync(join(directory, name), comment(index + 1));
  }
  expect(await importArchive({ directory, mirrorDir })).toMatchObject({ imported: 3, refused: 0 });
  expect(await contributionsOf(mirrorDir)).toBe(3);
});

test('A127: a mirror directory that DuckDB would take for a pattern is refused with what to do', async () => {
  const mirrorDir = make('mirror[1]*');
  await expect(importArchive({ directory: archiveOf([ONE]), mirrorDir })).rejects.toMatchObject({
    code: 'mirror_directory_unusable',
    status: 422,
  });
});

test('a directory that is not there is an error that names it; an empty one imports nothing', async () => {
  const mirrorDir = make('mirror');
  await expect(importArchive({ directory: '/no/such/directory', mirrorDir })).rejects.toMatchObject({
    code: 'archive_directory_unreadable',
  });
  expect(await importArchive({ directory: make('empty'), mirrorDir })).toEqual({
    files: [],
    imported: 0,
    unchanged: 0,
    refused: 0,
    rows: 0,
    quarantined: 0,
  });
  expect(hasMirror(mirrorDir)).toBe(false);
});

describe('an import that does not end', () => {
  test('because it is aborted keeps nothing half read, and the next one goes on', async () => {
    const [mirrorDir, directory] = [make('mirror'), archiveOf(READABLE)];
    const stop = new AbortController();
    const reason = new Error('stop now');
    const run = importArchive({ directory, mirrorDir, signal: stop.signal, onProgress: () => stop.abort(reason) });
    // All of it may have been one batch: then there was nothing left to stop.
    await run.catch((error: unknown) => expect(error).toBe(reason));
    const again = await importArchive({ directory, mirrorDir });
    expect(again.imported + again.unchanged).toBe(READABLE.length);
    expect(existsSync(join(mirrorDir, 'writer.lock'))).toBe(false);
    expect((await cachet(mirrorDir)).contributions).toBe(IN_BOTH_HOURS);
  });

  test('because it is killed leaves a mirror that can be read, and no rest of it after the next', async () => {
    const [mirrorDir, directory] = [make('mirror'), archiveOf([ONE])];
    await importArchive({ directory, mirrorDir });
    const importer = JSON.stringify(join(import.meta.dirname, '../../../src/sources/gharchive/importer.ts'));
    const more = archiveOf(READABLE);
    const code = `const { importArchive } = await import(${importer});
      await importArchive({ directory: ${JSON.stringify(more)}, mirrorDir: ${JSON.stringify(mirrorDir)}, onProgress: () => process.kill(process.pid, 'SIGKILL') });`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'inherit' });
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
    expect(existsSync(join(mirrorDir, 'writer.lock'))).toBe(true);
    expect((await cachet(mirrorDir)).contributions).toBe(36);
    writeFileSync(join(mirrorDir, 'parts', 'rows-all-orphan.parquet'), 'half');
    expect((await importArchive({ directory: more, mirrorDir })).refused).toBe(0);
    const manifest = (await loadManifest(mirrorDir))!;
    const kept = [...manifest.parts, ...manifest.retired].map(({ path }) => path).toSorted();
    expect(readdirSync(join(mirrorDir, 'parts')).toSorted()).toEqual(kept);
    const inMemory = existsSync('/dev/shm') ? readdirSync('/dev/shm') : [];
    expect(inMemory.filter((name) => name.startsWith(`laurels-${child.pid}-`))).toEqual([]);
    expect((await cachet(mirrorDir)).contributions).toBe(IN_BOTH_HOURS);
  });
});

describe("the writer's lock", () => {
  test('lets one import at a time write; the other waits and then finds its work done', async () => {
    const [mirrorDir, directory] = [make('mirror'), archiveOf(READABLE)];
    const reports = await Promise.all([importArchive({ directory, mirrorDir }), importArchive({ directory, mirrorDir })]);
    expect(reports.map((report) => report.imported).toSorted((a, b) => a - b)).toEqual([0, READABLE.length]);
    expect((await cachet(mirrorDir)).contributions).toBe(IN_BOTH_HOURS);
  });

  test('of a live process is respected, of a dead one taken over', async () => {
    const mirrorDir = make('mirror');
    const held = await lockMirror(mirrorDir, 0);
    await expect(lockMirror(mirrorDir, 0)).rejects.toMatchObject({ code: 'mirror_busy', status: 503 });
    const path = join(mirrorDir, 'writer.lock');
    const holder = JSON.parse(readFileSync(path, 'utf8'));
    const gone = spawn(process.execPath, ['-e', '']);
    await once(gone, 'exit');
    writeFileSync(path, JSON.stringify({ ...holder, pid: gone.pid, token: 'of one that died' }));
    const taken = await lockMirror(mirrorDir, 0);
    await expect(held.assertHeld()).rejects.toMatchObject({ code: 'mirror_busy' });
    await held.release();
    await taken.assertHeld();
    await taken.release();
    expect(existsSync(path)).toBe(false);
  });
});

test('many small imports are merged, and read the same', async () => {
  const mirrorDir = make('mirror');
  for (let round = 0; round < 10; round += 1) {
    const directory = make('archive');
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, `2026-01-01-${round}.json`), [comment(round * 2 + 1), comment(round * 2 + 2)].join('\n'));
    await importArchive({ directory, mirrorDir });
  }
  const { parts } = (await loadManifest(mirrorDir))!;
  expect(parts.length).toBeLessThan(10);
  expect(await contributionsOf(mirrorDir)).toBe(20);
});

test('a manifest that can not be understood is an error, not an empty mirror', async () => {
  const mirrorDir = make('mirror');
  const directory = archiveOf([ONE]);
  await importArchive({ directory, mirrorDir });
  renameSync(join(mirrorDir, 'manifest.json'), join(mirrorDir, 'kept'));
  writeFileSync(join(mirrorDir, 'manifest.json'), '{"format":99}');
  await expect(importArchive({ directory, mirrorDir })).rejects.toMatchObject({ code: 'mirror_unreadable' });
  await expect(createGharchiveSource({ mirrorDir }).plan(targetOf('a/b'))).rejects.toMatchObject({ code: 'mirror_unreadable' });
});

test('plain text goes beside the mirror where memory has no room for it', async () => {
  const fallback = make('tmp');
  const scratch = await openScratch(Number.MAX_SAFE_INTEGER, fallback);
  expect(scratch.isMemory).toBe(false);
  expect(readdirSync(fallback)).toHaveLength(1);
  await scratch.remove();
  expect(readdirSync(fallback)).toEqual([]);
});
