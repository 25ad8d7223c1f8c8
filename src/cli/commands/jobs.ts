import { Option, type Command } from 'commander';
import type { JobResource } from '../../api/contract/jobs.ts';
import { JOB_STATUSES, JOB_TYPES } from '../../domain/job-status.ts';
import { fullNameOf, type RepositoryName } from '../../domain/repository-name.ts';
import { repositoryArgument, rowsOption } from '../arguments.ts';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../exit-code.ts';
import { gapsOf, isIncomplete, outcomeOf, standingOf, subjectOf } from '../jobs.ts';
import { readPages } from '../pages.ts';
import { reachStack, withStack } from '../stack.ts';
import { figure, tableOf } from '../table.ts';
import { printable } from '../terminal.ts';

interface JobsOptions {
  readonly status?: (typeof JOB_STATUSES)[number];
  readonly type?: (typeof JOB_TYPES)[number];
  readonly repository?: RepositoryName;
  readonly limit?: number;
  readonly json?: boolean;
}

const USUAL_ROWS = 20;

/** `laurels jobs [id]` */
export function addJobsCommand(program: Command, context: CommandContext): void {
  const jobs = program
    .command('jobs')
    .summary('list jobs, or show one')
    .description('Lists jobs, newest first, or shows one.')
    .argument('[id]', 'a job')
    .addOption(new Option('--status <status>', 'only these').choices(JOB_STATUSES))
    .addOption(new Option('--type <type>', 'only these').choices(JOB_TYPES))
    .option('--repository <owner/name>', 'only of this repository', repositoryArgument)
    .option('--limit <rows>', `how many (default: ${USUAL_ROWS})`, rowsOption)
    .option('--json', "print the API's answer")
    .action(async (id: string | undefined, { json, limit, repository, ...filters }: JobsOptions) => {
      const { terminal } = context;
      const [wrong] = Object.entries({ ...filters, repository, limit }).find(([, value]) => value !== undefined) ?? [];
      if (id !== undefined && wrong !== undefined) throw new UsageError(`--${wrong}: it is about the list, not about one job.`);
      const stack = await reachStack(context);
      try {
        if (id !== undefined) {
          const { body: job } = await stack.api.call('getJob', { params: { id } });
          terminal.print(json === true ? JSON.stringify(job) : describe(job, stack.api.url));
          return;
        }
        const query = { ...filters, repository: repository === undefined ? undefined : fullNameOf(repository) };
        const page = await readPages(
          limit ?? USUAL_ROWS,
          async (asked) => (await stack.api.call('listJobs', { query: { ...query, ...asked } })).body,
        );
        if (json === true) terminal.print(JSON.stringify(page));
        else if (page.data.length === 0) terminal.print('No jobs.');
        else terminal.print(jobTable(page.data));
      } finally {
        await stack.close();
      }
    });
  jobs
    .command('retry')
    .description('Tries a failed or cancelled scrape again, as a new job. What it had read in the last 24 hours is not read again.')
    .argument('<id>', 'a job that failed or was cancelled')
    .option('--json', "print the API's answer")
    .action(async (id: string, _options: unknown, command: Command) => {
      await withStack(context, async ({ api }) => {
        const { body: job } = await api.call('retryJob', { params: { id } });
        // The list's own --json is taken before this one's.
        context.terminal.print(
          command.optsWithGlobals<{ json?: boolean }>().json === true ? JSON.stringify(job) : `Job ${job.id}: ${standingOf(job)}`,
        );
      });
    });
}

function jobTable(jobs: readonly JobResource[]): string {
  return tableOf(
    [
      { heading: 'job' },
      { heading: 'repository' },
      { heading: 'type' },
      { heading: 'status' },
      { heading: 'contributions', align: 'right' },
      { heading: 'created' },
    ],
    jobs.map((job) => [
      job.id,
      subjectOf(job),
      job.type,
      isIncomplete(job) ? `${job.status}, incomplete` : job.status,
      figure(job.events_processed),
      job.created_at,
    ]),
  );
}

function describe(job: JobResource, url: string): string {
  const lines: readonly (readonly [string, string | null])[] = [
    ['job', job.id],
    ['now', job.completed_at === null ? standingOf(job) : outcomeOf(job)],
    [
      'type',
      job.sources.length === 0 ? job.type : `${job.type}, from ${job.sources.join(', ')}, ${job.window.since} to ${job.window.until}`,
    ],
    ['plan', job.plan_note],
    [
      'done',
      job.progress.unit === null
        ? null
        : `${figure(job.progress.done)} of ${job.progress.total === null ? '?' : figure(job.progress.total)} ${job.progress.unit}`,
    ],
    ['created', job.created_at],
    ['started', job.started_at],
    ['ended', job.completed_at],
    ['logs', new URL(job.links.logs, url).href],
    ['Temporal', job.links.temporal === null ? null : new URL(job.links.temporal, url).href],
  ];
  const shown = lines.filter((line): line is readonly [string, string] => line[1] !== null);
  return [...shown.map(([name, value]) => printable(`${name.padEnd(9)} ${value}`)), ...gapsOf(job)].join('\n');
}
