import type { Command } from 'commander';
import { claimDataDirectory } from '../../embedded/data-directory.ts';
import type { CommandContext } from '../context.ts';
import { answeringUrl } from '../stack.ts';

/** `laurels migrate` */
export function addMigrateCommand(program: Command, context: CommandContext): void {
  program
    .command('migrate')
    .summary('bring the database up to date')
    .description('Brings the schema of DATABASE_URL, or of the embedded database, up to date. `npm start` does it by itself.')
    .option('--json', 'print {"applied": [...]}')
    .action(async ({ json }: { readonly json?: boolean }) => {
      const { terminal } = context;
      const print = (applied: readonly string[], sentence = sentenceOf(applied)): void =>
        terminal.print(json === true ? JSON.stringify({ applied }) : sentence);
      const { dataDir, databaseUrl } = context.config();
      if (databaseUrl !== null) return print(await migrateAt(databaseUrl));
      const url = await answeringUrl(dataDir);
      if (url !== null) return print([], `The database is up to date: Laurels runs on it at ${url}.`);
      const { startEmbeddedPostgres } = await import('../../embedded/postgres.ts');
      const { DATABASE_NAME } = await import('../../embedded/services.ts');
      const claim = await claimDataDirectory(dataDir);
      try {
        const postgres = await startEmbeddedPostgres({ dataDir, database: DATABASE_NAME, say: terminal.say, preferredPort: 0 });
        try {
          print(await migrateAt(postgres.url));
        } finally {
          await postgres.stop();
        }
      } finally {
        await claim.release();
      }
    });
}

async function migrateAt(url: string): Promise<readonly string[]> {
  // The ORM is loaded by the commands that need it, as it takes longer than all the rest.
  const [{ openDatabase }, { migrate }] = await Promise.all([import('../../db/database.ts'), import('../../db/migrate.ts')]);
  const db = await openDatabase({ url, applicationName: 'laurels-migrate', maxConnections: 2 });
  try {
    return await migrate(db);
  } finally {
    await db.close();
  }
}

function sentenceOf(applied: readonly string[]): string {
  return applied.length === 0 ? 'The database is up to date.' : `Applied ${applied.join(', ')}.`;
}
