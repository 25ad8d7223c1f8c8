import { Option, type Command } from 'commander';
import { REPOSITORY_STATUSES } from '../../domain/job-status.ts';
import { fullNameOf, type RepositoryName } from '../../domain/repository-name.ts';
import { repositoryArgument, rowsOption } from '../arguments.ts';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../exit-code.ts';
import { outcomeOf, standingOf } from '../jobs.ts';
import { readPages } from '../pages.ts';
import { withStack } from '../stack.ts';
import { figure, tableOf } from '../table.ts';
import { printable } from '../terminal.ts';

interface Json {
  readonly json?: boolean;
}
interface ListOptions extends Json {
  readonly status?: string;
  readonly q?: string;
  readonly sort?: string;
  readonly limit?: number;
}

const number = { align: 'right' } as const;
const USUAL_ROWS = 50;

/** `laurels repositories`, `laurels add`, `laurels remove`, `laurels coverage` */
export function addRepositoryCommands(program: Command, context: CommandContext): void {
  program
    .command('repositories')
    .summary('list repositories, or show one')
    .description('Lists repositories, or shows one with its last job and how complete its data is.')
    .argument('[owner/name]', 'a repository', repositoryArgument)
    .addOption(new Option('--status <status>', 'only these').choices(REPOSITORY_STATUSES))
    .option('--q <text>', 'only with this in owner/name')
    .addOption(new Option('--sort <order>', 'order of the rows').choices(['name', '-last_scraped_at', '-stars', '-created_at']))
    .option('--limit <rows>', `how many (default: ${USUAL_ROWS})`, rowsOption)
    .option('--json', "print the API's answer")
    .action(async (name: RepositoryName | undefined, { json, limit, ...filters }: ListOptions) => {
      const [wrong] = Object.keys({ ...filters, ...(limit === undefined ? {} : { limit }) });
      if (name !== undefined && wrong !== undefined) throw new UsageError(`--${wrong}: it is about the list, not about one repository.`);
      await withStack(context, async ({ api }) => {
        if (name !== undefined) {
          const body = (await api.call('getRepository', { params: { ...name } })).body;
          if (body === null) return;
          const lines = [
            `${body.full_name}: ${body.status}${body.last_scraped_at === null ? '' : `, last read ${body.last_scraped_at}`}`,
            ...(body.description === null ? [] : [body.description]),
            body.coverage.note,
            ...(body.last_job === null ? [] : [`last job: ${outcomeOf(body.last_job)}`]),
          ];
          context.terminal.print(json === true ? JSON.stringify(body) : lines.map(printable).join('\n'));
          return;
        }
        const body = await readPages(
          limit ?? USUAL_ROWS,
          async (page) => (await api.call('listRepositories', { query: { ...filters, ...page } as never })).body,
        );
        const table = () =>
          tableOf(
            [{ heading: 'repository' }, { heading: 'status' }, { heading: 'people', ...number }, { heading: 'last read' }],
            body.data.map(({ full_name, status, people, last_scraped_at }) => [
              full_name,
              status,
              people === null ? '' : figure(people),
              last_scraped_at?.slice(0, 19).replace('T', ' ') ?? 'never',
            ]),
          );
        context.terminal.print(json === true ? JSON.stringify(body) : body.data.length === 0 ? 'No repositories.' : table());
      });
    });
  program
    .command('add')
    .summary('add a repository')
    .description('Adds a repository. Without --scrape it is not read yet.')
    .argument('<owner/name>', 'a repository, or its URL', repositoryArgument)
    .option('--scrape', 'have it read too, two years of everything (laurels scrape has more to say)')
    .option('--json', "print the API's answer")
    .action(async (name: RepositoryName, { scrape, json }: Json & { readonly scrape?: boolean }) => {
      await withStack(context, async ({ api, kind }) => {
        if (scrape === true && kind === 'own') {
          throw new UsageError('--scrape: no Laurels runs here that could read it later. Use laurels scrape, or start one.');
        }
        const { status, body } = await api.call('addRepository', { body: { ...name, ...(scrape === true ? { scrape } : {}) } });
        const known = status === 200 ? 'was known already' : 'added';
        const job = body.job === null ? '' : `; job ${body.job.id}: ${standingOf(body.job)}`;
        context.terminal.print(json === true ? JSON.stringify(body) : `${body.full_name}: ${known}${job}`);
      });
    });
  program
    .command('remove')
    .summary('remove a repository')
    .description('Removes a repository with everything that was collected of it, and cancels its job. Jobs and their logs stay.')
    .argument('<owner/name>', 'a repository', repositoryArgument)
    .option('--json', 'print what was removed as JSON')
    .action(async (name: RepositoryName, { json }: Json) => {
      await withStack(context, async ({ api }) => {
        await api.call('deleteRepository', { params: { ...name } });
        const removed = fullNameOf(name);
        context.terminal.print(json === true ? JSON.stringify({ removed }) : `${removed}: removed`);
      });
    });
  program
    .command('coverage')
    .summary("say how complete a repository's data is")
    .description('Per month and kind: what is stored, what GitHub says there is, from where, and what is missing.')
    .argument('<owner/name>', 'a repository', repositoryArgument)
    .option('--json', "print the API's answer")
    .action(async (name: RepositoryName, { json }: Json) => {
      await withStack(context, async ({ api }) => {
        const body = (await api.call('getCoverage', { params: { ...name } })).body;
        if (body === null) return;
        const table = tableOf(
          [
            { heading: 'month' },
            { heading: 'kind' },
            { heading: 'stored', ...number },
            { heading: 'unattributed', ...number },
            { heading: 'excluded', ...number },
            { heading: 'GitHub', ...number },
            { heading: 'days', ...number },
            { heading: 'from' },
            { heading: 'missing' },
          ],
          body.data.map((row) => [
            row.month,
            row.kind,
            figure(row.stored),
            figure(row.unattributed),
            figure(row.excluded),
            row.github_total === null ? '?' : figure(row.github_total),
            `${row.days_complete}/${row.days}`,
            row.sources.join(','),
            row.gaps.join('; '),
          ]),
        );
        context.terminal.print(
          json === true ? JSON.stringify(body) : [...(body.data.length === 0 ? [] : [table, '']), printable(body.note)].join('\n'),
        );
      });
    });
}
