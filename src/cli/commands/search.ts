import type { Command } from 'commander';
import { wholeOption } from '../arguments.ts';
import type { CommandContext } from '../context.ts';
import { withStack } from '../stack.ts';
import { figure, tableOf } from '../table.ts';
import { peopleTable } from './contributor.ts';

/** `laurels search WORDS` */
export function addSearchCommand(program: Command, context: CommandContext): void {
  program
    .command('search')
    .summary('find repositories and people')
    .description('Finds repositories and people by a part of their names.')
    .argument('<words...>', 'part of owner/name, of a login or of a name')
    .option('--limit <rows>', 'how many of each', wholeOption(1, 50), 10)
    .option('--json', "print the API's answer")
    .action(async (words: readonly string[], { limit, json }: { readonly limit: number; readonly json?: boolean }) => {
      await withStack(context, async ({ api }) => {
        const { body } = await api.call('search', { query: { q: words.join(' '), limit: String(limit) } });
        if (json === true) {
          context.terminal.print(JSON.stringify(body));
          return;
        }
        const repositories = tableOf(
          [{ heading: 'repository' }, { heading: 'people', align: 'right' }, { heading: 'description' }],
          body.repositories.map(({ full_name, people, description }) => [
            full_name,
            people === null ? '' : figure(people),
            description ?? '',
          ]),
        );
        const found = [
          ...(body.repositories.length === 0 ? [] : [repositories]),
          ...(body.contributors.length === 0 ? [] : [peopleTable(body.contributors)]),
        ];
        context.terminal.print(found.length === 0 ? 'Nothing was found.' : found.join('\n\n'));
      });
    });
}
