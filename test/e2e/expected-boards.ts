import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { BoardRowResource } from '../../src/api/contract/leaderboards.ts';
import { SCORED, SCORED_NAMES } from '../../src/domain/scoring.ts';
import { PROJECT } from './laurels.ts';

/** Counts of one person as `expected.json` has them: absent is 0, null unknown. */
interface ExpectedPerson {
  readonly username: string;
  readonly total_score: number;
  readonly [count: string]: number | string | null;
}

/** What the rules give for a repository, computed by an independent program (shared/data/expected.py). */
export interface ExpectedBoard {
  readonly repository: string;
  /** The archive files that it is computed from, below the shared data. */
  readonly files: readonly string[];
  readonly contributions: number;
  readonly contributors: readonly ExpectedPerson[];
}

const SHARED = join(PROJECT, '../shared/data');
/** The same events in the project itself, cut to what is read of them; taken where the shared files are not at hand. */
const FIXTURES = join(PROJECT, 'test/fixtures/gharchive');
const FIXTURE_OF: Readonly<Record<string, string>> = {
  '2023-user-events.ndjson': '2023-user-events.ndjson.gz',
  '2025-12_2026-08.ndjson': 'stub-2026.ndjson.gz',
};

/** The expected boards: a copy of the shared `expected.json`. */
export async function readExpected(): Promise<readonly ExpectedBoard[]> {
  return JSON.parse(await readFile(join(PROJECT, 'test/e2e/expected.json'), 'utf8')) as readonly ExpectedBoard[];
}

/** Puts archive files into a new directory, and gives its path. */
export async function gatherArchive(directory: string, files: readonly string[]): Promise<string> {
  await mkdir(directory);
  for (const file of files) {
    const name = basename(file);
    const fixture = FIXTURE_OF[name] ?? name;
    if (existsSync(SHARED)) await copyFile(join(SHARED, file), join(directory, name));
    else await copyFile(join(FIXTURES, fixture), join(directory, fixture));
  }
  return directory;
}

/** The archive files that a repository is in, in a new directory. */
export async function archiveOf(repository: string, directory: string): Promise<string> {
  const board = (await readExpected()).find((expected) => expected.repository === repository);
  if (board === undefined) throw new Error(`There is no expected board of ${repository}`);
  return await gatherArchive(directory, board.files);
}

/** A board's rows in the form of `expected.json`: zeros and unknown lines are left out. */
export function countsOf(rows: readonly BoardRowResource[]): readonly Record<string, unknown>[] {
  return rows.map((row) => {
    const counts = SCORED_NAMES.map((scored) => {
      const isLine = scored === 'LINES_ADDED' || scored === 'LINES_DELETED';
      const name = isLine ? scored.toLowerCase() : scored;
      const count = row[SCORED[scored].column];
      return [name, isLine ? (count ?? 0) : count] as const;
    }).filter(([, count]) => count !== 0);
    return { username: row.contributor.username, ...Object.fromEntries(counts), total_score: row.total_score };
  });
}
