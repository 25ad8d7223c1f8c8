import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createSources, type SourceSettings } from '../../src/sources/available-sources.ts';
import { importArchive } from '../../src/sources/gharchive/importer.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'laurels-sources-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

function sources(more: Partial<SourceSettings> = {}) {
  const log = { info: () => undefined, warn: () => undefined };
  const github = { tokens: ['ghp_test'], app: null, apiUrl: 'https://api.github.com', allowPrivate: false };
  return createSources({ sources: [], github, gharchiveDir: null, mirrorDir: join(directory, 'none'), log, ...more });
}
const namesOf = (list: readonly { readonly name: string }[]): readonly string[] => list.map(({ name }) => name);

test('a token alone makes GitHub the source', () => {
  expect(namesOf(sources().available())).toEqual(['github']);
});

test('a GitHub App alone does, too', () => {
  const app = { id: '7', privateKey: 'PEM' };
  const named = sources({ github: { tokens: [], app, apiUrl: 'https://api.github.com', allowPrivate: false } });
  expect(namesOf(named.available())).toEqual(['github']);
});

test('without a token there is no GitHub, and without files no archive', () => {
  const none = sources({ github: { tokens: [], app: null, apiUrl: 'https://api.github.com', allowPrivate: false } });
  expect(namesOf(none.available())).toEqual([]);
  expect(namesOf(none.all)).toEqual(['gharchive']);
});

test('GitHub comes before the archive, unless SOURCES says otherwise', () => {
  expect(namesOf(sources({ gharchiveDir: directory }).available())).toEqual(['github', 'gharchive']);
  expect(namesOf(sources({ gharchiveDir: directory, sources: ['gharchive', 'github'] }).available())).toEqual(['gharchive', 'github']);
  expect(namesOf(sources({ gharchiveDir: directory, sources: ['gharchive'] }).all)).toEqual(['gharchive']);
});

test('a first import makes the archive available to a process that runs', async () => {
  const files = join(directory, 'files');
  await mkdir(files);
  await writeFile(join(files, '2026-03-10-15.json'), '');
  const mirrorDir = join(directory, 'mirror');
  const running = sources({ mirrorDir });
  expect(namesOf(running.available())).toEqual(['github']);
  await importArchive({ directory: files, mirrorDir });
  expect(namesOf(running.available())).toEqual(['github', 'gharchive']);
});

describe('BigQuery', () => {
  const settings = {
    project: 'mine',
    apiEndpoint: null,
    monthlyBytes: 1e12,
    maxBytesBilled: null,
    pricePerTib: 6.25,
    batchWaitSeconds: 60,
    dataset: null,
  };

  test('is there with a project and a budget only', () => {
    const none = { tokens: [], app: null, apiUrl: 'https://api.github.com', allowPrivate: false };
    expect(namesOf(sources({ github: none, bigquery: settings }).available())).toEqual(['bigquery']);
    expect(namesOf(sources({ github: none, bigquery: { ...settings, monthlyBytes: null } }).available())).toEqual([]);
    expect(namesOf(sources({ github: none, bigquery: { ...settings, project: null } }).available())).toEqual([]);
  });

  test('is left out where nobody asks for it and GitHub can be asked: it would cost and add nothing', () => {
    const both = sources({ bigquery: settings });
    expect(namesOf(both.available())).toEqual(['github', 'bigquery']);
    expect(namesOf(both.preferred())).toEqual(['github']);
    expect(namesOf(sources({ bigquery: settings, sources: ['github', 'bigquery'] }).preferred())).toEqual(['github', 'bigquery']);
  });
});
