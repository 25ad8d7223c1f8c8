import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { withStack } from '../stack.ts';

/** `laurels status` and `laurels openapi`: what answers, who one is there, and how it describes itself. */
export function addStatusCommands(program: Command, context: CommandContext): void {
  program
    .command('status')
    .summary('say what runs, and what you may do there')
    .description('Asks the Laurels that answers whether it is ready, and who you are there. Ends with 1 when it is not ready.')
    .option('--json', 'print one JSON object: {url, instance, ready, caller, links}')
    .action(async ({ json }: { readonly json?: boolean }) => {
      await withStack(context, async ({ api }) => {
        // Not ready is an error: its message says what is missing.
        await api.call('getReadiness');
        const [health, index, session] = [await api.call('getHealth'), await api.call('getIndex'), await api.call('getSession')];
        const { name, scope } = session.body;
        const status = { url: api.url, instance: health.body.instance, ready: true, caller: session.body, links: index.body.links };
        const may = scope === null ? 'what everybody may' : scope;
        context.terminal.print(json === true ? JSON.stringify(status) : `${api.url} is ready. You are ${name} there and may do: ${may}.`);
      });
    });
  program
    .command('openapi')
    .summary('print the description of the API')
    .description('Prints the OpenAPI 3.1 document of the API.')
    .option('--json', 'the same: it is JSON')
    .action(async () => {
      await withStack(context, async ({ api }) => context.terminal.print((await api.text('getOpenApi')).trimEnd()));
    });
}
