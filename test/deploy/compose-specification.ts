import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { fetchArchive, sha256Of } from '../../src/embedded/download.ts';
import { runToEnd } from '../../src/embedded/child-process.ts';
import { userCacheDir } from '../../src/embedded/places.ts';
import { findOnPath } from '../../src/embedded/temporal-fetch.ts';

/** The release of Docker's own reader of compose files whose schema is asked; the Go proxy never changes what it has given out. */
const VERSION = 'v2.16.2';
const SHA256 = '75410c9723430b920592093014fc53641f6207e01b52c016c848ba62bf2da805';
const MODULE = 'github.com/compose-spec/compose-go/v2';

/** The published schema of the Compose specification, from the Go proxy, kept in this user's cache. @throws Error where it can't be had. */
async function schemaFile(): Promise<string> {
  const directory = join(userCacheDir(), `compose-go-${VERSION}`);
  const schema = join(directory, `${MODULE}@${VERSION}`, 'schema', 'compose-spec.json');
  if (existsSync(schema)) return schema;
  const aside = `${directory}.${process.pid}-${randomBytes(3).toString('hex')}`;
  await mkdir(aside, { recursive: true });
  try {
    const archive = join(aside, 'module.zip');
    const url = `https://proxy.golang.org/${MODULE}/@v/${VERSION}.zip`;
    await fetchArchive({ url, target: archive, name: 'the Compose specification', say: () => undefined });
    if ((await sha256Of(archive)) !== SHA256) throw new Error(`${url} is not what was pinned`);
    const environment = { PATH: process.env['PATH'] ?? '' };
    const python = await findOnPath('python3', environment);
    if (python === null) throw new Error('unpacking it takes a python3 on PATH');
    const args = ['-m', 'zipfile', '-e', archive, aside];
    const end = await runToEnd({ name: 'python', command: python, args, cwd: aside, env: environment, account: null, timeoutMs: 60_000 });
    if (end.code !== 0) throw new Error(end.output);
    await rename(aside, directory).catch((error: unknown) => {
      if (!existsSync(schema)) throw error;
    });
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  return schema;
}

/** What says whether a compose file, as read from YAML, is one. */
export async function composeSpecification(): Promise<ValidateFunction> {
  const schema = JSON.parse(await readFile(await schemaFile(), 'utf8')) as Record<string, unknown>;
  return new Ajv2020({ strict: false, allErrors: true, validateFormats: false }).compile(schema);
}
