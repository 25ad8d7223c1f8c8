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
    expect(loadConfig({ DATA_DIR, HOST, PORT, LOG_LEVEL, TEMPORAL_NAMESPACE, MAX_CONCURRENT_SCRAPES, STALE_AFTER_HOURS })).toEqual(
      loadConfig({}),
    );
  });
});

describe('the configuration', () => {
  test('of an empty environment is complete and frozen', () => {
    const config = loadConfig({});
    expect(config).toMatchObject({
      dataDir: resolve('.data'),
      databaseUrl: null,
      http: { host: '127.0.0.1', port: 8000, allowedHosts: [], isExposed: false, publicReads: false, adminKeyFile: null },
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
    [{ HOST: 'localhost' }, false],
    [{ HOST: '::1' }, false],
    [{ HOST: '127.0.0.2' }, false],
    [{ HOST: '0.0.0.0' }, true],
    [{ HOST: '127.evil.example' }, true],
    [{ HOST: '192.168.1.2' }, true],
    [{ TRUST_PROXY: 'loopback' }, true],
  ])('of %j is open to others: %p', (environment, isExposed) => {
    expect(loadConfig(environment).http.isExposed).toBe(isExposed);
  });

  test('writes proxies as ranges', () => {
    expect(loadConfig({ TRUST_PROXY: 'loopback, 10.1.2.3,fd00::/8' }).http.trustedProxies).toEqual([
      '127.0.0.0/8',
      '::1/128',
      '10.1.2.3/32',
      'fd00::/8',
    ]);
  });

  test('ignores variables that are none of its own', () => {
    expect(loadConfig({ PATH: '/bin', LAURELS_FOO: '1' })).toEqual(loadConfig({}));
  });

  test.each([
    ['PORT', '80a'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['HOST', 'http://localhost'],
    ['HOST', '0.0.0.0:80'],
    ['PUBLIC_READS', 'yes'],
    ['TRUST_PROXY', 'true'],
    ['TRUST_PROXY', '10.0.0.0/33'],
    ['RATE_LIMIT', '-1'],
    ['LAURELS_API_KEY', 'changeme'],
    ['DATABASE_URL', 'mysql://x'],
    ['TEMPORAL_ADDRESS', 'localhost'],
    ['GITHUB_API_URL', 'api.github.com'],
    ['SOURCES', 'gitlab'],
    ['SOURCES', 'sample'],
    ['LOG_LEVEL', 'loud'],
    ['MAX_CONCURRENT_SCRAPES', '0'],
    ['STALE_AFTER_HOURS', '1.5'],
    ['LAURELS_URL', 'ftp://x'],
  ])('refuses %s=%s by name', (name, value) => {
    expect(() => loadConfig({ [name]: value })).toThrow(new RegExp(`^The configuration is wrong:\\n {2}${name}: `));
  });

  test('reports every problem at once', () => {
    try {
      loadConfig({ PORT: 'x', HOST: 'a b', LOG_LEVEL: 'loud' });
      throw new Error('was accepted');
    } catch (error) {
      expect(error).toBeInstanceOf(InvalidConfiguration);
      expect((error as InvalidConfiguration).details['problems']).toHaveLength(3);
    }
  });

  test('never shows a secret in what it complains about', () => {
    expect(() =>
      loadConfig({ DATABASE_URL: 'mysql://u:secret@h', GITHUB_TOKEN: 'ghp_secret', LAURELS_API_KEY: 'secret', PORT: 'x' }),
    ).toThrow(/^(?!.*secret)/s);
  });
});
