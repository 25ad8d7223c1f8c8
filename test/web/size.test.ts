import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { PROJECT } from '../e2e/laurels.ts';

/** What the first visit may load, gzipped; the charts come later, where they are shown. */
const MOST_FIRST_BYTES = 150 * 1024;

let built: string;
beforeAll(async () => {
  built = await mkdtemp(join(tmpdir(), 'laurels-web-'));
  await promisify(execFile)(
    process.execPath,
    ['node_modules/vite/bin/vite.js', 'build', 'web', '--outDir', built, '--emptyOutDir', '--logLevel', 'error'],
    { cwd: PROJECT, env: { ...process.env, NODE_ENV: 'production' } },
  );
});
afterAll(() => rm(built, { recursive: true, force: true }));

test('the scripts of the first visit are small, and charts are not among them', async () => {
  const page = await readFile(join(built, 'index.html'), 'utf8');
  const scripts = [...page.matchAll(/(?:src|href)="\/dashboard\/(assets\/[^"]+\.js)"/g)].map(([, path]) => path as string);
  const sizes = await Promise.all(scripts.map(async (path) => (await readFile(join(built, `${path}.gz`))).length));
  expect(scripts.length).toBeGreaterThan(0);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(MOST_FIRST_BYTES);
  for (const path of scripts) expect(await readFile(join(built, path), 'utf8')).not.toContain('recharts');
  const lazy = (await readdir(join(built, 'assets'))).filter((name) => name.endsWith('.js') && !scripts.includes(`assets/${name}`));
  const sources = await Promise.all(lazy.map((name) => readFile(join(built, 'assets', name), 'utf8')));
  expect(sources.some((source) => source.includes('recharts'))).toBe(true);
});

test('the compressed copies are of what is served', async () => {
  const names = await readdir(join(built, 'assets'));
  for (const name of names.filter((name) => /\.(?:js|css)$/.test(name))) {
    const text = await readFile(join(built, 'assets', name), 'utf8');
    if (!names.includes(`${name}.gz`)) continue;
    expect(gunzipSync(await readFile(join(built, 'assets', `${name}.gz`))).toString()).toBe(text);
    expect(brotliDecompressSync(await readFile(join(built, 'assets', `${name}.br`))).toString()).toBe(text);
  }
});
