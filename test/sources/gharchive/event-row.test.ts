import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { openDuckDb, rowsOf, withConnection } from '../../../src/sources/gharchive/duckdb.ts';
import { BadLine, rowOf } from '../../../src/sources/archive-events/event-row.ts';
import { CREATE_STAGE, readEvents, readRows, STAGE } from '../../../src/sources/gharchive/event-sql.ts';
import { readLineByLine } from '../../../src/sources/gharchive/line-reader.ts';
import { FIXTURES, hasSharedData, SHARED_DATA, useDirectories } from './directories.ts';

const { make } = useDirectories();
const regular = readdirSync(FIXTURES)
  .filter((name) => name.endsWith('.gz') && !name.startsWith('2012'))
  .map((name) => join(FIXTURES, name));
const shared = hasSharedData
  ? ['rich-2015/2015-01-01-0.json.gz', 'rich-2021/2021-07-21-sample.ndjson', 'rich-2023/2023-user-events.ndjson'].map((path) =>
      join(SHARED_DATA, path),
    )
  : [];

test.each([...regular, ...shared].map((path) => [path.split('/').at(-1)!, path]))(
  'DuckDB and the line reader make the same rows of %s',
  async (_name, path) => {
    expect(existsSync(path)).toBe(true);
    const directory = make('scratch');
    mkdirSync(join(directory, 'rows'));
    const plain = join(directory, '1.ndjson');
    if (path.endsWith('.gz')) writeFileSync(plain, gunzipSync(readFileSync(path)));
    else copyFileSync(path, plain);
    const instance = await openDuckDb({ directories: [directory], spillTo: directory, memoryMb: 512 });
    const all = `SELECT * FROM ${STAGE} ORDER BY ALL`;
    const stagedBy = (sql: string) =>
      withConnection(instance, async (connection) => {
        await connection.run(`DROP TABLE IF EXISTS ${STAGE}`);
        await connection.run(CREATE_STAGE);
        await connection.run(sql);
        return rowsOf(connection, all);
      });
    const fast = await stagedBy(readEvents([plain]));
    expect(await readLineByLine(plain, join(directory, 'rows/1.ndjson'))).toEqual({ quarantined: 0, reasons: [] });
    // The repository of an event that is no contribution is kept for its name, and its columns beyond that are nobody's.
    const bare = (rows: typeof fast) =>
      rows.map((row) => (row['kind'] === null ? { is_pr: row['is_pr'], name: row['name'], repository: row['repository'] } : row));
    const order = (rows: readonly object[]) =>
      rows.map((row) => JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value))).toSorted();
    expect(order(bare(await stagedBy(readRows(join(directory, 'rows/1.ndjson')))))).toEqual(order(bare(fast)));
    instance.closeSync();
  },
);

describe('a line that is set aside', () => {
  const event = {
    id: '1',
    type: 'PushEvent',
    created_at: '2026-01-01T00:00:00Z',
    repo: { id: 1, name: 'a/b' },
    actor: { id: 2, login: 'c' },
    payload: { push_id: 3 },
  };
  test.each([
    ['no event', 7, 'the line is not an object'],
    ['no type', {}, 'it is no event'],
    ['a time that is none', { ...event, created_at: 'soon' }, 'created_at is not a time'],
    ['no time', { ...event, created_at: null }, 'it has no time'],
    ['an actor that is a list', { ...event, actor: [1] }, 'actor is not an object'],
    ['a login that is an object', { ...event, actor: { login: {} } }, 'actor.login is not a text'],
    ['a push id that is a word', { ...event, payload: { push_id: 'x' } }, 'push_id is not a whole number'],
    ['no repository', { ...event, repo: {} }, 'it names no repository'],
    ['an issue without a number', { ...event, type: 'IssuesEvent', payload: { action: 'opened', issue: {} } }, 'it has no issue number'],
  ])('has %s', (_what, line, reason) => {
    expect(() => rowOf(line)).toThrow(new BadLine(reason));
  });

  test('but an actor who was deleted is no reason', () => {
    expect(rowOf({ ...event, actor: null })).toMatchObject({ kind: 1, id: 3, actor_id: null, actor_login: null });
  });

  test('nor is a push without an id: it gets a number of its own, the same every time', () => {
    const push = { ...event, payload: { ref: 'refs/heads/a', head: 'f00' } };
    expect(rowOf(push)).toEqual(rowOf(structuredClone(push)));
    expect(rowOf(push)['id']).toBeLessThan(0);
    expect(rowOf({ ...push, payload: { ref: 'refs/heads/b', head: 'f00' } })['id']).not.toBe(rowOf(push)['id']);
  });
});

test('A094: a line longer than the reader holds, bytes that are no UTF-8 and NUL bytes lose nothing else', async () => {
  const directory = make('lines');
  const good = (id: number) => `{"id":"${id}","type":"WatchEvent","created_at":"2026-01-01T00:00:00Z"}\n`;
  const long = Buffer.from(`{"type":"${'x'.repeat(70 * 1024 * 1024)}"}\n`);
  const bytes = [
    Buffer.from(`\ufeff${good(1)}`),
    long,
    Buffer.from(good(2)),
    Buffer.from([0x22, 0xff, 0x22, 10]),
    Buffer.from(`\0\0${good(3)}\n\n${good(4).trim()}`),
  ];
  writeFileSync(join(directory, 'in'), Buffer.concat(bytes));
  const reading = await readLineByLine(join(directory, 'in'), join(directory, 'out'));
  expect(reading).toEqual({ quarantined: 2, reasons: ['line 2: it is longer than 67108864 bytes', 'line 4: it is no UTF-8'] });
  expect(readFileSync(join(directory, 'out'), 'utf8').trim().split('\n')).toHaveLength(4);
});
