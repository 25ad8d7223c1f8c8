import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImportReport } from '../sources/gharchive/importer.ts';
import type { CommandContext } from './context.ts';
import { createProgress } from './progress.ts';
import { figure } from './table.ts';
import { printable } from './terminal.ts';

/** The archive's mirror in a data directory. */
export function mirrorOf(dataDir: string): string {
  return join(dataDir, 'mirror');
}

/** Imports a directory of archive hours into the data directory's mirror; what can't be used is said by name. */
export async function importDirectory({ config, terminal, signal }: CommandContext, directory: string): Promise<ImportReport> {
  // DuckDB is loaded by the commands that need it: the others start three times as fast.
  const { importArchive } = await import('../sources/gharchive/importer.ts');
  // As the stack would make it: PostgreSQL's account must be able to pass through.
  await mkdir(config().dataDir, { recursive: true, mode: 0o711 });
  const progress = createProgress(terminal);
  let report: ImportReport;
  try {
    report = await importArchive({
      directory,
      mirrorDir: mirrorOf(config().dataDir),
      signal,
      onProgress: ({ done, total }) => progress.show({ what: 'Importing archive files', done, total, unit: 'files' }),
    });
  } finally {
    progress.end();
  }
  for (const file of report.files) {
    if (file.state !== 'ok') terminal.say(printable(`${file.name}: ${file.state}${file.reason === null ? '' : `, ${file.reason}`}`));
  }
  if (report.files.length === 0) terminal.say(`${directory} has no archive files (2026-03-10-15.json.gz, *.json, *.ndjson).`);
  return report;
}

/** What an import came to, in a sentence. */
export function importSentence({ files, imported, unchanged, refused, rows, quarantined }: ImportReport): string {
  return (
    `${figure(files.length)} archive files: ${figure(imported)} imported, ${figure(unchanged)} unchanged, ${figure(refused)} refused; ` +
    `${figure(rows)} rows, ${figure(quarantined)} lines unreadable.`
  );
}
