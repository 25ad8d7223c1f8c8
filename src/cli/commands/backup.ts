import { resolve } from 'node:path';
import type { Command } from 'commander';
import { AppError } from '../../domain/errors.ts';
import type { CommandContext } from '../context.ts';
import { withLocalDatabase } from '../local-database.ts';
import { answeringUrl } from '../stack.ts';
import { figure } from '../table.ts';

/** `laurels backup` and `laurels restore` */
export function addBackupCommands(program: Command, context: CommandContext): void {
  program
    .command('backup')
    .summary('write everything that is stored to one file')
    .description(
      'Writes the database of DATABASE_URL or of the data directory, as it is at one moment, to one compressed file, beside a running Laurels or a stopped one. ' +
        'The file (0600) also holds the key of opt-outs and the hashes of API keys: keep it as you keep those. Not in it: the archive mirror, which `laurels import` makes again.',
    )
    .argument('<file>', 'a file that is not there yet')
    .option('--json', 'print one JSON object: {file, tables, rows, bytes}')
    .action(async (file: string, { json = false }: { readonly json?: boolean }) => {
      const { terminal } = context;
      const config = context.config();
      const path = resolve(file);
      const [{ writeBackup }, { existingOptOutKey }] = await Promise.all([
        import('../../db/backup/backup.ts'),
        import('../../db/opt-out-key.ts'),
      ]);
      const summary = await withLocalDatabase(
        context,
        async (db) => writeBackup(db, path, { optOutKey: await existingOptOutKey(config) }),
        { schema: 'as it is' },
      );
      if (json) return terminal.print(JSON.stringify({ file: path, ...summary }));
      terminal.print(`${path}: ${figure(summary.rows)} rows of ${summary.tables} tables, ${figure(summary.bytes / 1_000_000, 1)} MB`);
    });

  program
    .command('restore')
    .summary('make the database what a back-up says')
    .description(
      'Restores a file that `laurels backup` wrote into the database of DATABASE_URL or of the data directory, in one transaction: a damaged file changes nothing. ' +
        'Laurels must be stopped. A back-up of an older version is brought up to date; jobs that were under way are closed as FAILED `restored`.',
    )
    .argument('<file>', 'what `laurels backup` wrote')
    .option('--replace', 'remove what the database holds now')
    .option('--json', 'print one JSON object: {file, created_at, tables, rows, migrated, closed_jobs}')
    .action(async (file: string, { json = false, replace = false }: { readonly json?: boolean; readonly replace?: boolean }) => {
      const { terminal } = context;
      const config = context.config();
      const path = resolve(file);
      const url = config.databaseUrl === null ? await answeringUrl(config.dataDir) : null;
      if (url !== null) throw new AppError('database_in_use', 409, `Laurels runs on this data directory (${url}): stop it first.`);
      const [{ restoreBackup }, { putOptOutKey }] = await Promise.all([
        import('../../db/backup/restore.ts'),
        import('../../db/opt-out-key.ts'),
      ]);
      const restored = await withLocalDatabase(context, (db) =>
        restoreBackup(db, path, {
          replace,
          beforeCommit: async ({ optOutKey }) => {
            if (optOutKey === null) return;
            if (config.optOutKey === null) return await putOptOutKey(config.dataDir, optOutKey);
            if (config.optOutKey === optOutKey.toString()) return;
            throw new AppError(
              'opt_out_key_differs',
              409,
              'OPT_OUT_KEY is not the key of the back-up: people who opted out would not be recognised. Unset it, or set it to that key. Nothing was changed.',
            );
          },
        }),
      );
      const { createdAt, tables, rows, migrated, closedJobs } = restored;
      if (json)
        return terminal.print(JSON.stringify({ file: path, created_at: createdAt, tables, rows, migrated, closed_jobs: closedJobs }));
      terminal.print(`Restored ${figure(rows)} rows of ${tables} tables, as of ${createdAt}.`);
      if (migrated.length > 0) terminal.print(`Brought up to date by ${migrated.join(', ')}.`);
      if (closedJobs > 0) terminal.print(`${closedJobs} job(s) were under way then: they are closed, start them again.`);
      terminal.print('`laurels verify` checks what is there now.');
    });
}
