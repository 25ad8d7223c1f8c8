import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { reachStack } from '../stack.ts';

/** `laurels recalculate` */
export function addRecalculateCommand(program: Command, context: CommandContext): void {
  program
    .command('recalculate')
    .summary('make the global board anew')
    .description('Has the global board made anew. It also happens by itself: after every scrape, and every 30 minutes.')
    .action(async () => {
      const stack = await reachStack(context);
      try {
        await stack.api.call('recalculateBoards');
        context.terminal.print('The global board is being recalculated.');
      } finally {
        await stack.close();
      }
    });
}
