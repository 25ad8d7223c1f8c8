import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ENVIRONMENT, InvalidConfiguration, loadConfig } from '../src/config.ts';

const EXAMPLE = readFileSync(new URL('../.env.example', import.meta.url), 'utf8');
const NAMES = Object.keys(ENVIRONMENT.shape);

describe('.env.example', () => {
  test('has every variable once, commented out, and no other', () => {
    const named = [...EXAMPLE.matchAll(/^#\s?([A-Z][A-Z0-9_]+)=/gm)].map(([, name]) => name);
    expect(named).toHaveLength(NAMES.length);
    expect(new Set(named)).toEqual(new Set(NAMES));
  });

  test('sets nothing as it is', () => {
    expect(EXAMPLE.split('\n').filter((line) => line !== '' && !line.startsWith('#'))).toEqual([]);
  });

  test('shows for every variable that has one the default that is used', () => {
    const shown = Object.fromEntries([...EXAMPLE.matchAll(/^#\s?([A-Z][A-Z0-9_]+)=(.*)$/gm)].map(([, name, value]) => [name, value]));
    const { DATA_DIR, HOST, PORT, LOG_LEVEL, TEMPORAL_NAMESPACE, MAX_CONCURRENT_SCRAPES, STALE_AFTER_HOURS } = shown;
    const { BIGQUERY_PRICE_PER_TIB, BIGQUERY_BATCH_WAIT } = shown;
    expect(
      loadConfig({
        DATA_DIR,
        HOST,
        PORT,
        LOG_LEVEL,
        TEMPORAL_NAMESPACE,
        MAX_CONCURRENT_SCRAPES,
        STALE_AFTER_HOURS,
        BIGQUERY_PRICE_PER_TIB,
        BIGQUERY_BATCH_WAIT,
      }),
    ).toEqual(loadConfig({}));
  });
});

describe('the configuration', () => {
  test('of an empty environment is complete and frozen', () => {
    const config = loadConfig({});
    expect(config).toMatchObject({
      dataDir: resolve('.data'),
      databaseUrl: null,
      http: { host: '127.0.0.1', port: 8000, allowedHosts: [] },
      github: { tokens: [], apiUrl: 'https://api.github.com' },
      sources: [],
      maxConcurrentScrapes: 4,
      logLevel: 'info',
      laurelsUrl: null,
    });
    expect(Object.isFrozen(config)).toBe(true);
  });

  test('treats an empty variable as one that is not set', () => {
    expect(loadConfig(Object.fromEntries(NAMES.map((name) => [name, ''])))).toEqual(loadConfig({}));
  });

  test('takes lists apart at commas', () => {
    const config = loadConfig({ GITHUB_TOKEN: 'one, two,', SOURCES: 'gharchive,github', ALLOWED_HOSTS: 'laurels.example' });
    expect(config.github.tokens).toEqual(['one', 'two']);
    expect(config.sources).toEqual(['gharchive', 'github']);
    expect(config.http.allowedHosts).toEqual(['laurels.example']);
  });

  test.each([
    ['1000', 1000],
    ['500GB', 500e9],
    ['1.5TiB', 1.5 * 1024 ** 4],
    ['2 MiB', 2 * 1024 ** 2],
  ])('takes %s as a number of bytes', (text, bytes) => {
    expect(loadConfig({ BIGQUERY_MONTHLY_BYTES: text }).bigquery.monthlyBytes).toBe(bytes);
  });

  test('ignores variables that are none of its own', () => {
    expect(loadConfig({ PATH: '/bin', LAURELS_FOO: '1' })).toEqual(loadConfig({}));
  });

  test.each([
    ['PORT', '80a'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['HOST', '0.0.0.0'],
    ['HOST', '127.evil.example'],
    ['DATABASE_URL', 'mysql://x'],
    ['TEMPORAL_ADDRESS', 'localhost'],
    ['GITHUB_API_URL', 'api.github.com'],
    ['SOURCES', 'gitlab'],
    ['SOURCES', 'sample'],
    ['LOG_LEVEL', 'loud'],
    ['MAX_CONCURRENT_SCRAPES', '0'],
    ['STALE_AFTER_HOURS', '1.5'],
    ['LAURELS_URL', 'ftp://x'],
    ['BIGQUERY_MONTHLY_BYTES', '1 TeB'],
    ['BIGQUERY_MONTHLY_BYTES', '0'],
    ['BIGQUERY_MAX_BYTES_BILLED', '-1'],
    ['BIGQUERY_PRICE_PER_TIB', '6,25'],
    ['BIGQUERY_BATCH_WAIT', '1m'],
    ['BIGQUERY_DATASET', 'a.b'],
  ])('refuses %s=%s by name', (name, value) => {
    expect(() => loadConfig({ [name]: value })).toThrow(new RegExp(`^The configuration is wrong:\\n {2}${name}: `));
  });

  test('reports every problem at once', () => {
    try {
      loadConfig({ PORT: 'x', HOST: '0.0.0.0', LOG_LEVEL: 'loud' });
      throw new Error('was accepted');
    } catch (error) {
      expect(error).toBeInstanceOf(InvalidConfiguration);
      expect((error as InvalidConfiguration).details['problems']).toHaveLength(3);
    }
  });

  test('never shows a secret in what it complains about', () => {
    expect(() => loadConfig({ DATABASE_URL: 'mysql://u:secret@h', GITHUB_TOKEN: 'ghp_secret', PORT: 'x' })).toThrow(/^(?!.*secret)/s);
  });
});
