import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { withStack } from '../stack.ts';

/** `laurels sample remove` */
export function addSampleCommand(program: Command, context: CommandContext): void {
  program
    .command('sample')
    .summary('remove the sample data')
    .description('The invented repositories that a first start shows.')
    .command('remove')
    .description('Removes the sample whole; it does not come back. The first real repository does the same.')
    .option('--json', 'print {"removed": true}')
    .action(async ({ json }: { readonly json?: boolean }) => {
      await withStack(context, async ({ api }) => {
        await api.call('deleteSample');
        context.terminal.print(json === true ? JSON.stringify({ removed: true }) : 'The sample is removed.');
      });
    });
}
