import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { afterEach } from '@jest/globals';

export const FIXTURES = resolve(import.meta.dirname, '../../fixtures/gharchive');
/** Real archive files that lie beside the project on the machines it is built on; not part of it. */
export const SHARED_DATA = resolve(import.meta.dirname, '../../../../shared/data');
export const hasSharedData = existsSync(join(SHARED_DATA, 'expected.json'));

/** The fixtures that can be read: one or two of every era, and the traps. */
export const READABLE = readdirSync(FIXTURES)
  .filter((name) => /\.(?:json|ndjson)(?:\.gz)?$/.test(name))
  .map((name) => join(FIXTURES, name));

/** Directories of their own for every test, removed after it. */
export function useDirectories(): { readonly make: (name: string) => string; readonly archiveOf: (paths: readonly string[]) => string } {
  const made: string[] = [];
  afterEach(() => {
    for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
  });
  const make = (name: string): string => {
    const root = mkdtempSync(join(tmpdir(), 'laurels-archive-test-'));
    made.push(root);
    const directory = join(root, name);
    mkdirSync(directory, { recursive: true });
    return directory;
  };
  const archiveOf = (paths: readonly string[]): string => {
    const directory = make('archive');
    for (const path of paths) copyFileSync(path, join(directory, basename(path)));
    return directory;
  };
  return { make, archiveOf };
}
