import type { Command } from 'commander';
import type { JobResource } from '../../api/contract/jobs.ts';
import { usernameArguments, wholeOption } from '../arguments.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, UsageError } from '../exit-code.ts';
import { endOf, gapsOf, outcomeOf } from '../jobs.ts';
import { createProgress } from '../progress.ts';
import { reachStack, type Stack } from '../stack.ts';

interface EnrichOptions {
  readonly top?: number;
  readonly staleAfterDays?: number;
  readonly wait?: boolean;
  readonly json?: boolean;
}

/** `laurels enrich USER…`, `laurels enrich --top N` */
export function addEnrichCommand(program: Command, context: CommandContext): void {
  program
    .command('enrich')
    .summary("ask for people's public profiles")
    .description("Asks GitHub, and what else is switched on, for people's public profiles.")
    .argument('[user...]', 'logins, or id:<GitHub id>', usernameArguments)
    .option('--top <people>', 'instead: the first of the global board', wholeOption(1, 1000))
    .option('--stale-after-days <days>', 'with --top: only whom nobody asked for in so many days (default: 30)', wholeOption(0, 3650))
    .option('--wait', 'wait for the jobs')
    .option('--json', 'print one job a line, as JSON')
    .action(async (users: readonly string[], { top, staleAfterDays, ...options }: EnrichOptions) => {
      if ((users.length === 0) === (top === undefined)) throw new UsageError('Name people, or say --top <people>.');
      if (top === undefined && staleAfterDays !== undefined) throw new UsageError('--stale-after-days: it goes with --top.');
      const stack = await reachStack(context);
      try {
        const jobs: JobResource[] = [];
        if (top === undefined)
          for (const username of users) jobs.push((await stack.api.call('enrichContributor', { params: { username } })).body);
        else {
          const body = { top, ...(staleAfterDays === undefined ? {} : { stale_after_days: staleAfterDays }) };
          jobs.push((await stack.api.call('enrichContributors', { body })).body);
        }
        for (const job of jobs) await report(context, stack, job, options);
      } finally {
        await stack.close();
      }
    });
}

/** A stack of our own ends with the command: its jobs are always waited for. */
async function report(
  { terminal, signal, exitWith }: CommandContext,
  stack: Stack,
  job: JobResource,
  { wait, json }: EnrichOptions,
): Promise<void> {
  let last = job;
  if (wait === true || stack.kind === 'own') {
    const progress = createProgress(terminal);
    try {
      last = await endOf(stack.api, job.id, progress, signal);
    } finally {
      progress.end();
    }
    if (json !== true) for (const line of [outcomeOf(last), ...gapsOf(last)]) terminal.print(line);
    if (last.status !== 'COMPLETED') exitWith(EXIT.failed);
  } else if (json !== true) terminal.print(`job ${job.id} is being started: ${new URL(job.links.self, stack.api.url).href}`);
  if (json === true) terminal.print(JSON.stringify(last));
}
