import type { Command } from 'commander';
import { importDirectory, importSentence } from '../archive.ts';
import { existingDirectory } from '../arguments.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, UsageError } from '../exit-code.ts';

/** `laurels import DIR` */
export function addImportCommand(program: Command, context: CommandContext): void {
  program
    .command('import')
    .summary('import GH Archive hours into the local mirror')
    .description(
      'Imports a directory of GH Archive hours into the mirror of the data directory, from which any repository is read at once. ' +
        'Files that were imported before are left alone; a file that changed replaces its former self.',
    )
    .argument('<directory>', 'where the files are')
    .option('--json', 'print the report, file by file')
    .action(async (path: string, { json }: { readonly json?: boolean }) => {
      const { laurelsUrl } = context.config();
      if (laurelsUrl !== null)
        throw new UsageError(`import works on this machine's data directory, but LAURELS_URL is set (${laurelsUrl}). Unset it.`);
      const report = await importDirectory(context, await existingDirectory('<directory>', path));
      context.terminal.print(json === true ? JSON.stringify(report) : importSentence(report));
      if (report.files.length === 0 || report.refused === report.files.length) context.exitWith(EXIT.failed);
    });
}
