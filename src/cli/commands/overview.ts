import type { Command } from 'commander';
import type { StatisticsResource } from '../../api/contract/dashboard.ts';
import { rowsOption } from '../arguments.ts';
import type { CommandContext } from '../context.ts';
import { readPages } from '../pages.ts';
import { withStack } from '../stack.ts';
import { figure, tableOf } from '../table.ts';
import { printable } from '../terminal.ts';

/** `laurels stats` and `laurels errors`: how much there is, and what went wrong. */
export function addOverviewCommands(program: Command, context: CommandContext): void {
  program
    .command('stats')
    .summary('say how much there is')
    .description('Counts repositories, people, contributions and jobs.')
    .option('--json', "print the API's answer")
    .action(async ({ json }: { readonly json?: boolean }) => {
      await withStack(context, async ({ api }) => {
        const { body } = await api.call('getStatistics');
        context.terminal.print(json === true ? JSON.stringify(body) : statisticsText(body));
      });
    });
  program
    .command('errors')
    .summary('list what went wrong')
    .description('Lists failed jobs and log lines that say error, newest first.')
    .option('--limit <rows>', 'how many', rowsOption, 20)
    .option('--json', "print the API's answer")
    .action(async ({ limit, json }: { readonly limit: number; readonly json?: boolean }) => {
      await withStack(context, async ({ api }) => {
        const body = await readPages(limit, async (page) => (await api.call('listErrors', { query: page })).body);
        const table = () =>
          tableOf(
            [{ heading: 'at' }, { heading: 'repository' }, { heading: 'job' }, { heading: 'what' }],
            body.data.map(({ at, repository, job_id, code, message }) => [
              at.slice(0, 19).replace('T', ' '),
              repository,
              job_id,
              code === null ? message : `${code}: ${message}`,
            ]),
          );
        context.terminal.print(json === true ? JSON.stringify(body) : body.data.length === 0 ? 'No errors.' : table());
      });
    });
}

function statisticsText({ repositories, contributors, contributions, jobs, leaderboard, ...rest }: StatisticsResource): string {
  const parts = (counts: Readonly<Record<string, number>>): string =>
    Object.entries(counts)
      .filter(([, count]) => count > 0)
      .map(([name, count]) => `${figure(count)} ${name.toLowerCase()}`)
      .join(', ');
  const line = (name: string, total: number, counts: Readonly<Record<string, number>>): string =>
    `${name.padEnd(15)}${figure(total)}${parts(counts) === '' ? '' : ` (${parts(counts)})`}`;
  return [
    line('repositories', repositories.total, repositories.by_status),
    line('contributors', contributors.total, contributors.by_kind),
    line('contributions', contributions.total, { unattributed: contributions.unattributed }),
    line('jobs', jobs.total, jobs.by_status),
    ...(leaderboard === null ? [] : [`${'leaderboard'.padEnd(15)}${figure(leaderboard.people)} people, as of ${leaderboard.as_of}`]),
    ...(rest.is_sample ? ['All of it is the generated sample.'] : []),
  ]
    .map(printable)
    .join('\n');
}
