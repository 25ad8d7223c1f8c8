import type { Command } from 'commander';
import { SOURCE_NAMES } from '../../domain/contribution.ts';
import type { RepositoryName } from '../../domain/repository-name.ts';
import { repositoryArguments, wordsOption } from '../arguments.ts';
import type { CommandContext } from '../context.ts';
import { runScrapes } from '../scrapes.ts';
import { reachStack } from '../stack.ts';

interface RefreshOptions {
  readonly source?: readonly string[];
  readonly include?: readonly string[];
  readonly dryRun?: boolean;
  readonly wait?: boolean;
  readonly requireComplete?: boolean;
  readonly json?: boolean;
}

const REAL_SOURCES = SOURCE_NAMES.filter((name) => name !== 'sample');

/** `laurels refresh owner/name…` */
export function addRefreshCommand(program: Command, context: CommandContext): void {
  program
    .command('refresh')
    .summary('read what is new in repositories')
    .description('Reads what is new in repositories since their last scrape.')
    .argument('<owner/name...>', 'repositories, or their GitHub URLs', repositoryArguments)
    .option('--source <names>', `comma-separated: ${REAL_SOURCES.join(', ')} (default: all that are configured)`, wordsOption(REAL_SOURCES))
    .option('--include <kinds>', 'show bots, agents or both (bots,agents) on the printed board', wordsOption(['bots', 'agents']))
    .option('--dry-run', 'print what would be read, and read nothing')
    .option('--wait', 'wait for the jobs and print their boards')
    .option('--require-complete', 'exit 1 unless everything was read and compared')
    .option('--json', 'print one JSON object a line: {repository, job, board}')
    .action(async (repositories: readonly RepositoryName[], options: RefreshOptions) => {
      const stack = await reachStack(context);
      try {
        await runScrapes(context, stack, {
          type: 'refresh',
          repositories,
          sources: options.source,
          include: options.include,
          dryRun: options.dryRun ?? false,
          wait: options.wait ?? false,
          requireComplete: options.requireComplete ?? false,
          json: options.json ?? false,
        });
      } finally {
        await stack.close();
      }
    });
}
