import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { addDays } from '../../src/domain/window.ts';
import { literalList, MEMORY_MB, openDuckDb, withConnection } from '../../src/sources/gharchive/duckdb.ts';
import { STAGE } from '../../src/sources/gharchive/event-sql.ts';
import { partPath, type MirrorFile } from '../../src/sources/gharchive/manifest.ts';
import { lockMirror } from '../../src/sources/gharchive/mirror-lock.ts';
import { openMirrorWriter } from '../../src/sources/gharchive/mirror-writer.ts';

/** Repositories of a copy have ids this much larger. */
const SHIFT = 10_000_000_000;
const COMMIT_EVERY = 10;

/** Makes a mirror `times` as large as another: its rows again and again as those of other repositories, at other hours. */
export async function multiplyMirror(from: string, to: string, times: number): Promise<number> {
  cpSync(from, to, { recursive: true });
  mkdirSync(join(to, 'tmp'), { recursive: true });
  const lock = await lockMirror(to, 0);
  const instance = await openDuckDb({ directories: [to], spillTo: join(to, 'tmp'), memoryMb: MEMORY_MB.import });
  try {
    const writer = await openMirrorWriter({ mirrorDir: to, instance, lock });
    const { files, parts } = writer.manifest;
    const rows = literalList(parts.filter((part) => part.holds === 'rows').map((part) => partPath(to, part)));
    let copies: MirrorFile[] = [];
    for (let copy = 1; copy < times; copy += 1) {
      const shift = copy * files.length;
      await withConnection(instance, (connection) =>
        connection.run(`INSERT INTO ${STAGE} BY NAME SELECT * EXCLUDE (bucket, file, name, repository), file + ${shift} AS file,
  repository + ${copy * SHIFT} AS repository, 'copy-${copy}/' || repository AS name, false AS by_name, false AS is_pr, false AS is_merge
FROM read_parquet(${rows})`),
      );
      const at = (hour: string): string => `${addDays(hour.slice(0, 10), copy * 31)}${hour.slice(10)}`;
      const moved = (hour: string | null): string | null => (hour === null ? null : at(hour));
      copies.push(
        ...files.map((file) => ({
          ...file,
          number: file.number + shift,
          name: `${copy}-${file.name}`,
          hour: moved(file.hour),
          covers: moved(file.covers),
        })),
      );
      if (copy % COMMIT_EVERY !== 0 && copy !== times - 1) continue;
      await writer.commit({ files: copies, refused: [] });
      copies = [];
    }
    await writer.compact();
    return writer.manifest.parts.filter((part) => part.holds === 'rows').reduce((sum, part) => sum + part.rows, 0);
  } finally {
    instance.closeSync();
    await lock.release();
  }
}
