import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { standingOf } from '../jobs.ts';
import { reachStack } from '../stack.ts';

/** `laurels cancel JOB` */
export function addCancelCommand(program: Command, context: CommandContext): void {
  program
    .command('cancel')
    .summary('cancel an unfinished job')
    .description('Cancels an unfinished job; its repository keeps the board it had.')
    .argument('<job>', 'id of the job')
    .option('--json', "print the API's answer")
    .action(async (id: string, { json }: { readonly json?: boolean }) => {
      const stack = await reachStack(context);
      try {
        const { body: job } = await stack.api.call('cancelJob', { params: { id } });
        context.terminal.print(
          json === true ? JSON.stringify(job) : job.status === 'CANCELLED' ? `${job.repository}: cancelled` : standingOf(job),
        );
      } finally {
        await stack.close();
      }
    });
}
