import type { Command } from 'commander';
import type { Config } from '../../config.ts';
import type { InvariantFinding } from '../../db/verify.ts';
import { AppError } from '../../domain/errors.ts';
import { readStackDescriptor } from '../../embedded/data-directory.ts';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { withLocalDatabase } from '../local-database.ts';
import { answeringUrl } from '../stack.ts';
import { figure } from '../table.ts';
import { printable } from '../terminal.ts';

/** `laurels verify` */
export function addVerifyCommand(program: Command, context: CommandContext): void {
  program
    .command('verify')
    .summary('check that what is stored is consistent')
    .description(
      'Recounts every board from contributions, and holds scores, ranks, receipts, coverage, jobs, logs and the BigQuery ledger against what must hold of them. ' +
        'Reads one snapshot and writes nothing, beside a running Laurels or on a stopped one. Exit code 1 when something does not hold.',
    )
    .option('--settled', 'nothing is under way: boards that wait for their rebuild are wrong, too')
    .option('--json', 'print one JSON object: {ok, invariants: [{name, promise, checked, unit, violations, examples, skipped}]}')
    .action(async ({ json = false, settled = false }: { readonly json?: boolean; readonly settled?: boolean }) => {
      const { terminal, exitWith } = context;
      const { verifyDatabase } = await import('../../db/verify.ts');
      const [{ pendingMigrations }, { askingTemporal }] = await Promise.all([
        import('../../db/migrate.ts'),
        import('../../asked-temporal.ts'),
      ]);
      const config = context.config();
      const { isSound, findings } = await askingTemporal(config, await temporalOfStack(config), (temporal) =>
        withLocalDatabase(
          context,
          async (db) => {
            const pending = await pendingMigrations(db);
            if (pending.length > 0) {
              throw new AppError(
                'migrations_pending',
                409,
                `The database lacks ${pending.length} migration(s): run \`laurels migrate\` first.`,
              );
            }
            return await verifyDatabase(db, {
              isSettled: settled,
              logDays: config.retention.logDays,
              ...temporal,
              ...(json ? {} : { onFinding: (finding) => print(terminal, finding) }),
            });
          },
          { schema: 'as it is' },
        ),
      );
      if (json) terminal.print(JSON.stringify({ ok: isSound, invariants: findings }));
      if (!isSound) exitWith(EXIT.failed);
    });
}

function print(
  terminal: CommandContext['terminal'],
  { name, promise, checked, unit, violations, examples, skipped }: InvariantFinding,
): void {
  const sign = skipped === null ? (violations === 0 ? '✓' : '✗') : '–';
  const found = skipped ?? (violations === 0 ? `${figure(checked)} ${unit}` : `${figure(violations)} wrong, of ${figure(checked)} ${unit}`);
  terminal.print(`${sign} ${name.padEnd(17)} ${found}`);
  if (violations === 0) return;
  terminal.print(`  ${' '.repeat(17)} should hold: ${promise}`);
  for (const example of examples) terminal.print(`  ${' '.repeat(17)} ${printable(JSON.stringify(example))}`);
}

/** host:port of the Temporal of the stack that runs on the data directory; null: none runs, or the database is another. */
async function temporalOfStack({ dataDir, databaseUrl }: Config): Promise<string | null> {
  if (databaseUrl !== null || (await answeringUrl(dataDir)) === null) return null;
  return (await readStackDescriptor(dataDir))?.temporal ?? null;
}
