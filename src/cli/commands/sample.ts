import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { reachStack } from '../stack.ts';

/** `laurels sample remove` */
export function addSampleCommand(program: Command, context: CommandContext): void {
  program
    .command('sample')
    .summary('remove the sample data')
    .description('The invented repositories that a first start shows.')
    .command('remove')
    .description('Removes the sample whole; it does not come back. The first real repository does the same.')
    .action(async () => {
      const stack = await reachStack(context);
      try {
        await stack.api.call('deleteSample');
        context.terminal.print('The sample is removed.');
      } finally {
        await stack.close();
      }
    });
}
