import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
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
      http: { host: '127.0.0.1', port: 8000, allowedHosts: [], isExposed: false, publicReads: false, adminKeyFile: null },
      github: { tokens: [], app: null, apiUrl: 'https://api.github.com', allowPrivate: false },
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

  test('never opens what may be private to everybody', () => {
    expect(() => loadConfig({ PUBLIC_READS: 'true', ALLOW_PRIVATE: 'true' })).toThrow(
      /PUBLIC_READS: must not be true where ALLOW_PRIVATE is/,
    );
  });

  test('writes proxies as ranges', () => {
    expect(loadConfig({ TRUST_PROXY: 'loopback, 10.1.2.3,fd00::/8' }).http.trustedProxies).toEqual([
      '127.0.0.0/8',
      '::1/128',
      '10.1.2.3/32',
      'fd00::/8',
    ]);
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
    ['ALLOW_PRIVATE', 'perhaps'],
    ['GITHUB_APP_ID', 'my app'],
    ['GITHUB_APP_PRIVATE_KEY', '7'],
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

describe('a GitHub App', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'laurels-config-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));
  const appOf = (key: string) => loadConfig({ GITHUB_APP_ID: '7', GITHUB_APP_PRIVATE_KEY: key }).github.app;

  test('has its key as text, with line ends as \\n, or in a file', async () => {
    const file = join(directory, 'app.pem');
    await writeFile(file, pem);
    const app = { id: '7', privateKey: expect.stringMatching(/^-----BEGIN RSA PRIVATE KEY-----\n/) };
    expect(appOf(pem)).toEqual(app);
    expect(appOf(pem.replaceAll('\n', '\\n'))).toEqual(app);
    expect(appOf(file)).toEqual(app);
  });

  test('and tokens may both be there, and private repositories allowed', () => {
    const { github } = loadConfig({
      GITHUB_APP_ID: 'Iv1.8a61f9b3a7aba766',
      GITHUB_APP_PRIVATE_KEY: pem,
      GITHUB_TOKEN: 'one',
      ALLOW_PRIVATE: 'TRUE',
    });
    expect(github).toMatchObject({ tokens: ['one'], app: { id: 'Iv1.8a61f9b3a7aba766' }, allowPrivate: true });
  });

  test.each<[string, () => Record<string, string>, RegExp]>([
    ['an id without a key', () => ({ GITHUB_APP_ID: '7' }), /GITHUB_APP_PRIVATE_KEY: is missing, but GITHUB_APP_ID is set$/],
    ['a key without an id', () => ({ GITHUB_APP_PRIVATE_KEY: pem }), /GITHUB_APP_ID: is missing, but GITHUB_APP_PRIVATE_KEY is set$/],
    [
      'a file that is not there',
      () => ({ GITHUB_APP_ID: '7', GITHUB_APP_PRIVATE_KEY: `${directory}/none.pem` }),
      /GITHUB_APP_PRIVATE_KEY: must be .* \(ENOENT\)$/,
    ],
    [
      'half a key',
      () => ({ GITHUB_APP_ID: '7', GITHUB_APP_PRIVATE_KEY: pem.slice(0, 400) }),
      /GITHUB_APP_PRIVATE_KEY: is not a private key in PEM form/,
    ],
    [
      'a key of another kind',
      () => ({
        GITHUB_APP_ID: '7',
        GITHUB_APP_PRIVATE_KEY: generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      }),
      /GITHUB_APP_PRIVATE_KEY: must be an RSA key/,
    ],
  ])('with %s is refused by name', (_, environment, message) => {
    expect(() => loadConfig(environment())).toThrow(message);
  });

  test('never shows its key in what is complained about, not even when its first line is lost', () => {
    const body = pem.split('\n')[1] as string;
    for (const key of [pem.slice(0, 400), pem.split('\n').slice(1).join('\n')]) {
      expect(() => loadConfig({ GITHUB_APP_ID: '7', GITHUB_APP_PRIVATE_KEY: key })).toThrow(
        expect.not.objectContaining({ message: expect.stringContaining(body) }),
      );
    }
  });
});
