import type { Command } from 'commander';
import { SOURCE_NAMES } from '../../domain/contribution.ts';
import type { RepositoryName } from '../../domain/repository-name.ts';
import { importDirectory, importSentence } from '../archive.ts';
import { dayOption, existingDirectory, repositoryArguments, sinceOption, wordsOption } from '../arguments.ts';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../exit-code.ts';
import { runScrapes } from '../scrapes.ts';
import { reachStack } from '../stack.ts';

interface ScrapeOptions {
  readonly source?: readonly string[];
  readonly archiveDir?: string;
  readonly since?: string;
  readonly until?: string;
  readonly include?: readonly string[];
  readonly dryRun?: boolean;
  readonly wait?: boolean;
  readonly requireComplete?: boolean;
  readonly json?: boolean;
}

const REAL_SOURCES = SOURCE_NAMES.filter((name) => name !== 'sample');

/** `laurels scrape owner/name…` */
export function addScrapeCommand(program: Command, context: CommandContext): void {
  program
    .command('scrape')
    .summary('read repositories and make their boards')
    .description(
      'Reads repositories as a whole and makes their boards. Uses the Laurels of LAURELS_URL, the one that runs on the data directory, ' +
        'or one that it starts and stops itself.',
    )
    .argument('<owner/name...>', 'repositories, or their GitHub URLs', repositoryArguments)
    .option('--source <names>', `comma-separated: ${REAL_SOURCES.join(', ')} (default: all that are configured)`, wordsOption(REAL_SOURCES))
    .option('--archive-dir <directory>', 'import the GH Archive hours of this directory first')
    .option('--since <date>', 'first day, or "all" (default: two years ago)', sinceOption)
    .option('--until <date>', 'last day (default: today, UTC)', dayOption)
    .option('--include <kinds>', 'show bots, agents or both (bots,agents) on the printed board', wordsOption(['bots', 'agents']))
    .option('--dry-run', 'print what would be read, and scrape nothing (files of --archive-dir are imported to tell)')
    .option('--wait', 'wait for the jobs and print their boards')
    .option('--require-complete', 'exit 1 unless everything was read and compared')
    .option('--json', 'print one JSON object a line: {repository, job, board}')
    .action(async (repositories: readonly RepositoryName[], options: ScrapeOptions) => {
      const config = context.config();
      const { since, until } = options;
      if (since !== undefined && until !== undefined && since !== 'all' && since > until) {
        throw new UsageError(`--since: ${since} is after --until (${until}).`);
      }
      if (options.archiveDir !== undefined) {
        if (config.laurelsUrl !== null) {
          throw new UsageError(
            `--archive-dir: files are imported on the machine of the data directory, but LAURELS_URL is set (${config.laurelsUrl}). Unset it, or run \`laurels import\` there.`,
          );
        }
        const report = await importDirectory(context, await existingDirectory('--archive-dir', options.archiveDir));
        context.terminal.say(importSentence(report));
      }
      const stack = await reachStack(context);
      try {
        await runScrapes(context, stack, {
          type: 'scrape',
          repositories,
          sources: options.source,
          since,
          until,
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
