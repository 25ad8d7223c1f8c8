import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CONTRACT } from '../../src/api/contract.ts';
import { startTestApi, type TestApi } from './running-api.ts';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());

describe('the page of the API’s description', () => {
  test('loads nothing from elsewhere, and everything it names is there', async () => {
    const page = await api.send('GET', '/docs');
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const named = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? '');
    const style = await api.send('GET', '/docs/swagger-ui.css');
    const images = [...style.text.matchAll(/url\(([^)]+)\)/g)].map(([, path]) => (path ?? '').replaceAll('"', ''));
    expect(images.length).toBeGreaterThan(10);
    expect(page.text + style.text).not.toMatch(/data:/);
    for (const path of [...named, ...images, '/docs/']) {
      expect(path).toMatch(/^\/docs\//);
      expect((await api.send('GET', path)).status).toBe(200);
    }
    expect((await api.send('GET', '/docs/nothing')).status).toBe(404);
    expect((await api.send('GET', '/docs/../package.json')).status).toBe(404);
  });

  test('is not sent again while it is the same', async () => {
    const { headers } = await api.send('GET', '/docs/swagger-ui-bundle.js');
    const again = await api.send('GET', '/docs/swagger-ui-bundle.js', { headers: { 'if-none-match': headers.get('etag') ?? '' } });
    expect([again.status, again.text]).toEqual([304, '']);
  });

  const inChromium = CHROMIUM !== undefined || process.env['CI'] === 'true' ? test : test.skip;
  inChromium('shows every endpoint in a browser, which finds nothing against its policy', async () => {
    const profile = await mkdtemp(join(tmpdir(), 'laurels-chromium-'));
    try {
      const options = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--enable-logging=stderr', '--v=0'];
      const { stdout, stderr } = await promisify(execFile)(
        CHROMIUM ?? 'chromium',
        [...options, `--user-data-dir=${profile}`, '--virtual-time-budget=20000', '--dump-dom', `${api.url}/docs`],
        { maxBuffer: 64 * 1024 * 1024 },
      );
      const said = stderr.split('\n').filter((line) => line.includes('CONSOLE'));
      expect(said).toEqual([]);
      for (const { summary } of Object.values(CONTRACT)) {
        const escaped = summary.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
        expect(stdout).toContain(escaped);
      }
    } finally {
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    }
  });
});
