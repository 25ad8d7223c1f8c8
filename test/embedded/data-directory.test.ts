import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  claimDataDirectory,
  DataDirectoryTaken,
  readStackDescriptor,
  removeStackDescriptor,
  writeStackDescriptor,
} from '../../src/embedded/data-directory.ts';
import { startTimeOf } from '../../src/embedded/process-table.ts';
import { temporaryDirectories } from './temporary-directory.ts';

const temporaryDirectory = temporaryDirectories();

async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'close');
  return child.pid ?? 0;
}

describe('the claim of a data directory', () => {
  test('a second claim is refused with the process that has it, until it is released', async () => {
    const dataDir = join(temporaryDirectory(), 'not', 'there', 'yet');
    const first = await claimDataDirectory(dataDir);
    await expect(claimDataDirectory(dataDir)).rejects.toThrow(new RegExp(`Another Laurels \\(pid ${process.pid}\\)`));
    await first.release();
    await first.release();
    const second = await claimDataDirectory(dataDir);
    await second.release();
    expect(readdirSync(dataDir)).toEqual([]);
  });

  test.each([
    ['a dead process', async () => JSON.stringify({ pid: await deadPid(), startTime: 'x:1', claim: 'dead' })],
    ['a process id that was used again', async () => JSON.stringify({ pid: process.pid, startTime: 'another start', claim: 'reused' })],
    ['a crash in the middle of writing', async () => '{"pid": 12'],
    ['a crash before writing', async () => ''],
  ])('a lock left by %s is taken over', async (_, content) => {
    const dataDir = temporaryDirectory();
    writeFileSync(join(dataDir, 'laurels.lock'), await content());
    writeFileSync(join(dataDir, 'stack.json'), '{}');
    const claim = await claimDataDirectory(dataDir);
    expect(JSON.parse(readFileSync(join(dataDir, 'laurels.lock'), 'utf8'))).toMatchObject({ pid: process.pid });
    expect(existsSync(join(dataDir, 'stack.json'))).toBe(false);
    await claim.release();
  });

  test('of twenty claims at once on a stale lock one succeeds', async () => {
    const dataDir = temporaryDirectory();
    writeFileSync(join(dataDir, 'laurels.lock'), JSON.stringify({ pid: await deadPid(), startTime: 'x:1', claim: 'dead' }));
    const claims = await Promise.allSettled(Array.from({ length: 20 }, () => claimDataDirectory(dataDir)));
    expect(claims.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const claim of claims) if (claim.status === 'rejected') expect(claim.reason).toBeInstanceOf(DataDirectoryTaken);
    expect(readdirSync(dataDir)).toEqual(['laurels.lock']);
  });

  test('releasing does not remove the claim of somebody else', async () => {
    const dataDir = temporaryDirectory();
    const claim = await claimDataDirectory(dataDir);
    const other = JSON.stringify({ pid: process.pid, startTime: await startTimeOf(process.pid), claim: 'other' });
    writeFileSync(join(dataDir, 'laurels.lock'), other);
    await claim.release();
    expect(readFileSync(join(dataDir, 'laurels.lock'), 'utf8')).toBe(other);
  });

  test('a data directory that is a file is refused in one line', async () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, '');
    chmodSync(file, 0o600);
    await expect(claimDataDirectory(file)).rejects.toThrow(/can't be written: .*Set DATA_DIR/);
  });
});

describe('the announcement of a stack', () => {
  const descriptor = { pid: process.pid, url: 'http://127.0.0.1:8000', instance: 'i', startedAt: '2026-01-01T00:00:00.000Z' };

  test('what is written is read, until it is removed', async () => {
    const dataDir = temporaryDirectory();
    expect(await readStackDescriptor(dataDir)).toBeNull();
    await writeStackDescriptor(dataDir, descriptor);
    expect(await readStackDescriptor(dataDir)).toEqual(descriptor);
    await removeStackDescriptor(dataDir);
    await removeStackDescriptor(dataDir);
    expect(await readStackDescriptor(dataDir)).toBeNull();
  });

  test('the announcement of a dead process counts for nothing', async () => {
    const dataDir = temporaryDirectory();
    await writeStackDescriptor(dataDir, { ...descriptor, pid: await deadPid() });
    expect(await readStackDescriptor(dataDir)).toBeNull();
  });
});
