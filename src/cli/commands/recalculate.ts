import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { withStack } from '../stack.ts';

/** `laurels recalculate` */
export function addRecalculateCommand(program: Command, context: CommandContext): void {
  program
    .command('recalculate')
    .summary('make the global board anew')
    .description('Has the global board made anew. It also happens by itself: after every scrape, and every 30 minutes.')
    .option('--json', "print the API's answer")
    .action(async ({ json }: { readonly json?: boolean }) => {
      await withStack(context, async ({ api }) => {
        const { body } = await api.call('recalculateBoards');
        context.terminal.print(json === true ? JSON.stringify(body) : 'The global board is being recalculated.');
      });
    });
}
