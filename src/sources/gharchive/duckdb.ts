import { availableParallelism, totalmem } from 'node:os';
import type { DuckDBConnection } from '@duckdb/node-api';
import { DuckDBInstance } from '@duckdb/node-api';
import { AppError } from '../../domain/errors.ts';

/** The directory can't hold a mirror: DuckDB would read its name as a pattern. */
class UnusableMirrorDirectory extends AppError {
  constructor(directory: string) {
    super(
      'mirror_directory_unusable',
      422,
      `The data directory ${directory} can't be used: its path has one of * ? [ in it. Move it elsewhere.`,
      {
        directory,
      },
    );
  }
}

/** A text as an SQL string literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Paths as an SQL list literal. */
export function literalList(paths: readonly string[]): string {
  return `[${paths.map(literal).join(', ')}]`;
}

/** What DuckDB may take: an import sorts a million rows at a time, a read leaves room for what else the process does. */
export const MEMORY_MB = { import: 2048, read: 256 } as const;

/**
 * Opens an in-memory DuckDB that can touch nothing but the given directories, loads no extensions from the network and spills to
 * `spillTo` when a sort outgrows its memory (`memoryMb`, at most a quarter of the machine's).
 * @throws UnusableMirrorDirectory when a path holds a character that DuckDB takes for a pattern.
 */
export async function openDuckDb(o: {
  readonly directories: readonly string[];
  readonly spillTo: string;
  readonly memoryMb: number;
}): Promise<DuckDBInstance> {
  for (const directory of o.directories) if (/[*?[]/.test(directory)) throw new UnusableMirrorDirectory(directory);
  const megabytes = Math.min(o.memoryMb, Math.floor(totalmem() / 4 / 1024 / 1024));
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(Math.max(2, Math.min(8, availableParallelism()))),
    memory_limit: `${megabytes}MB`,
    temp_directory: o.spillTo,
    preserve_insertion_order: 'false',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    // Scratch files are written over again under the same names: nothing of them may be remembered.
    enable_external_file_cache: 'false',
  });
  const connection = await instance.connect();
  try {
    // Parts never change once they are written.
    await connection.run('SET parquet_metadata_cache = true');
    const allowed = o.directories.map((directory) => `${directory}/`);
    await connection.run(`SET allowed_directories = ${literalList(allowed)}`);
    await connection.run('SET enable_external_access = false');
    await connection.run('SET lock_configuration = true');
  } finally {
    connection.closeSync();
  }
  return instance;
}

/** Runs `work` with a connection of its own. */
export async function withConnection<T>(instance: DuckDBInstance, work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
  const connection = await instance.connect();
  try {
    return await work(connection);
  } finally {
    connection.closeSync();
  }
}

/** All rows of a small result. */
export async function rowsOf(connection: DuckDBConnection, sql: string): Promise<readonly Record<string, unknown>[]> {
  return (await connection.runAndReadAll(sql)).getRowObjectsJS();
}
