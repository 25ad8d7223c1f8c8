import type { JobResource } from '../api/contract/jobs.ts';
import type { ScrapePlan } from '../api/contract/repositories.ts';
import { AppError } from '../domain/errors.ts';
import { fullNameOf, type RepositoryName } from '../domain/repository-name.ts';
import { ApiRefused } from './api-client.ts';
import { boardTable, readBoard } from './board.ts';
import type { CommandContext } from './context.ts';
import { EXIT, exitCodeOf, Interrupted } from './exit-code.ts';
import { endOf, gapsOf, isIncomplete, outcomeOf, standingOf, subjectOf } from './jobs.ts';
import { createProgress } from './progress.ts';
import type { Stack } from './stack.ts';
import { printable } from './terminal.ts';

/** What `scrape` and `refresh` ask for. */
export interface ScrapeRequest {
  readonly type: 'scrape' | 'refresh';
  readonly repositories: readonly RepositoryName[];
  readonly sources: readonly string[] | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  /** Accounts the printed board shows besides people. */
  readonly include: readonly string[] | undefined;
  readonly dryRun: boolean;
  readonly wait: boolean;
  readonly requireComplete: boolean;
  readonly json: boolean;
}

/** Gaps that are said of a job; `laurels jobs ID` has all. */
const GAPS_SAID = 4;
/** How long a cancelled job of a stack that stops may take to put its work down. */
const CANCEL_MS = 20_000;

/**
 * Adds the repositories (a refresh and a dry run add none), queues their jobs, waits for them where that was asked (a stack of our own is always waited for: it ends
 * with the command), and prints a result each. One that fails keeps none of the others.
 */
export async function runScrapes(context: CommandContext, stack: Stack, request: ScrapeRequest): Promise<void> {
  const { terminal } = context;
  const waits = request.wait || stack.kind === 'own';
  if (!request.wait && waits && !request.dryRun) terminal.say('No Laurels runs here, so this one waits for its jobs and then stops.');
  const accepted: JobResource[] = [];
  for (const repository of request.repositories) {
    if (context.signal.aborted) break;
    await settle(context, stack, repository, async () => {
      const answer = await ask(stack, request, repository);
      if ('dry_run' in answer) printPlan(context, answer, request.json);
      else accepted.push(answer);
    });
  }
  for (const job of accepted) {
    await settle(context, stack, subjectOf(job), async () => {
      if (waits) await reportEnd(context, stack, request, job, accepted);
      else if (request.json) terminal.print(JSON.stringify({ repository: job.repository, job, board: null }));
      else
        terminal.print(
          `${job.repository}: job ${job.id} ${job.starting ? 'is being started' : 'is queued'}: ${new URL(job.links.self, stack.api.url).href}`,
        );
    });
  }
}

/** Says what went wrong with one of several, and goes on with the next; Ctrl-C ends all. */
async function settle(
  { terminal, exitWith }: CommandContext,
  stack: Stack,
  repository: RepositoryName | string,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof AppError) || error instanceof Interrupted) throw error;
    const name = typeof repository === 'string' ? repository : fullNameOf(repository);
    const url = error instanceof ApiRefused && error.job !== null ? ` ${new URL(error.job.url, stack.api.url).href}` : '';
    terminal.say(printable(`${name}: ${error.message}${url}`));
    exitWith(exitCodeOf(error));
  }
}

async function ask(stack: Stack, request: ScrapeRequest, repository: RepositoryName): Promise<JobResource | ScrapePlan> {
  // Not broken off by Ctrl-C: a job that was accepted must be known, to be cancelled or named.
  const api = stack.api.detached();
  // A refresh is of what is known: a name that was mistyped must not become a repository. A plan leaves nothing behind.
  const added =
    request.type === 'scrape' && !request.dryRun
      ? await api.call('addRepository', { body: { owner: repository.owner, name: repository.name } })
      : null;
  const params = { owner: added?.body.owner ?? repository.owner, name: added?.body.name ?? repository.name };
  const sources = request.sources === undefined ? {} : { sources: [...request.sources] as never };
  const query = request.dryRun ? { dry_run: 'true' as const } : {};
  const window = {
    ...(request.since === undefined ? {} : { since: request.since }),
    ...(request.until === undefined ? {} : { until: request.until }),
  };
  const answer =
    request.type === 'scrape'
      ? await api.call('scrapeRepository', { params, query, body: { ...sources, ...window } })
      : await api.call('refreshRepository', { params, query, body: sources });
  return answer.body as JobResource | ScrapePlan;
}

function printPlan({ terminal }: CommandContext, plan: ScrapePlan, json: boolean): void {
  if (json) return terminal.print(JSON.stringify(plan));
  terminal.print(`${plan.repository}: ${plan.type} scrape of ${plan.window.since} to ${plan.window.until}`);
  for (const { source, slices, note } of plan.sources)
    terminal.print(printable(`  ${source}, ${slices} ${slices === 1 ? 'part' : 'parts'}: ${note}`));
}

async function reportEnd(
  context: CommandContext,
  stack: Stack,
  request: ScrapeRequest,
  accepted: JobResource,
  all: readonly JobResource[],
): Promise<void> {
  const { terminal, exitWith, signal } = context;
  const progress = createProgress(terminal);
  let job: JobResource;
  try {
    job = await endOf(stack.api, accepted.id, progress, signal);
  } catch (error) {
    progress.end();
    if (signal.aborted) throw await interrupted(context, stack, all);
    throw error;
  }
  progress.end();
  terminal.say(outcomeOf(job));
  for (const gap of gapsOf(job, GAPS_SAID)) terminal.say(gap);
  if (job.status !== 'COMPLETED') exitWith(EXIT.failed);
  else if (request.requireComplete && job.complete !== true) {
    if (!isIncomplete(job)) terminal.say(`${job.repository}: whether it is complete is not known: no source has a total to compare with`);
    exitWith(EXIT.failed);
  }

  // A board of before is still the repository's board; of a repository that never had one there is nothing to print.
  const [owner = '', name = ''] = subjectOf(job).split('/');
  const board =
    job.status === 'COMPLETED'
      ? await readBoard(stack.api, { owner, name }, { ...job.window, include: request.include?.join(',') }, Number.MAX_SAFE_INTEGER)
      : null;
  if (request.json) terminal.print(JSON.stringify({ repository: job.repository, job, board }));
  else if (board !== null) terminal.print(boardTable(board));
  if (board !== null && request.json && board.coverage.complete !== true) terminal.say(printable(board.coverage.note));
}

/** Ctrl-C: jobs of a running Laurels go on; jobs of a stack of our own are cancelled, as nothing would go on with them. */
async function interrupted({ terminal }: CommandContext, stack: Stack, jobs: readonly JobResource[]): Promise<Interrupted> {
  const api = stack.api.detached();
  const unfinished: JobResource[] = [];
  for (const { id } of jobs) {
    const { body: job } = await api.call('getJob', { params: { id } });
    if (job.completed_at === null) unfinished.push(job);
  }
  if (stack.kind !== 'own') {
    const names = unfinished.map((job) => `${standingOf(job)}: laurels jobs ${job.id}, laurels cancel ${job.id}`);
    return new Interrupted(['Not waiting any more; the jobs go on.', ...names].join('\n'));
  }
  terminal.say('Cancelling; once more Ctrl-C ends at once.');
  const silent = { show: () => undefined, end: () => undefined };
  for (const { id } of unfinished) await api.call('cancelJob', { params: { id } }).catch(() => undefined);
  const outcomes: string[] = [];
  for (const job of unfinished) {
    outcomes.push(
      await endOf(api, job.id, silent, AbortSignal.timeout(CANCEL_MS)).then(
        // One that was publishing already may have been faster.
        outcomeOf,
        () => `${job.repository}: did not stop in time, and is cancelled when Laurels runs here again`,
      ),
    );
  }
  return new Interrupted(outcomes.join('\n'));
}
