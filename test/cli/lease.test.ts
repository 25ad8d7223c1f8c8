import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { isLeased, takeLease } from '../../src/cli/lease.ts';

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'laurels-lease-'));
});
afterEach(async () => {
  await rm(dataDir, { recursive: true });
});

test('a stack is in use from the taking of a lease to its release', async () => {
  expect(await isLeased(dataDir)).toBe(false);
  const lease = await takeLease(dataDir);
  expect(await isLeased(dataDir)).toBe(true);
  await lease.release();
  expect(await isLeased(dataDir)).toBe(false);
  await lease.release();
});

test('leases of dead processes, and files that are none, keep nothing running and are removed', async () => {
  const lease = await takeLease(dataDir);
  await lease.release();
  for (const name of ['2147483646', 'notes.txt', '-1', '0']) await writeFile(join(dataDir, 'leases', name), '');
  expect(await isLeased(dataDir)).toBe(false);
  expect(await readdir(join(dataDir, 'leases'))).toEqual([]);
});
