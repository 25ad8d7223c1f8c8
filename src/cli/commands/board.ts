import { Option, type Command } from 'commander';
import { BOARD_SORTS } from '../../api/contract/leaderboards.ts';
import type { RepositoryName } from '../../domain/repository-name.ts';
import { SCORED_KINDS } from '../../domain/scoring.ts';
import { WINDOW_PRESETS } from '../../domain/window.ts';
import { dayOption, repositoryArgument, rowsOption, sinceOption, usernameArgument, wordsOption } from '../arguments.ts';
import { boardTable, readBoard } from '../board.ts';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../exit-code.ts';
import { reachStack } from '../stack.ts';

interface BoardOptions {
  readonly window?: string;
  readonly since?: string;
  readonly until?: string;
  readonly include?: readonly string[];
  readonly kinds?: readonly string[];
  readonly q?: string;
  readonly sort?: string;
  readonly repositories?: string;
  readonly around?: string;
  readonly sparkline?: boolean;
  readonly limit?: number;
  readonly json?: boolean;
  readonly csv?: boolean;
}

const DEFAULT_LIMIT = 50;

/** `laurels board [owner/name]` */
export function addBoardCommand(program: Command, context: CommandContext): void {
  program
    .command('board')
    .summary('print a leaderboard')
    .description('Prints the leaderboard of a repository, or the one over all repositories.')
    .argument('[owner/name]', 'a repository (default: all of them together)', repositoryArgument)
    .addOption(new Option('--window <window>', 'days that count (default: 2y)').choices(WINDOW_PRESETS))
    .option('--since <date>', 'first day, or "all"', sinceOption)
    .option('--until <date>', 'last day', dayOption)
    .option('--include <kinds>', 'rank bots, agents or both (bots,agents) too', wordsOption(['bots', 'agents']))
    .option('--kinds <kinds>', `count only these: ${SCORED_KINDS.join(',')}`, wordsOption(SCORED_KINDS))
    .option('--q <text>', 'only people whose login or name has this; ranks stay')
    .addOption(new Option('--sort <column>', 'order of the rows; ranks stay').choices(BOARD_SORTS))
    .option('--repositories <owner/name,…>', 'only these repositories, ranked among themselves')
    .option('--around <user>', 'the rows around somebody', usernameArgument)
    .option('--sparkline', 'show the last twelve weeks')
    .option('--limit <rows>', `how many rows (default: ${DEFAULT_LIMIT}; of CSV all)`, rowsOption)
    .addOption(new Option('--json', "print the API's answer").conflicts('csv'))
    .option('--csv', 'print all rows as CSV')
    .action(async (repository: RepositoryName | undefined, options: BoardOptions) => {
      const { window, since, until, q, sort } = options;
      if (window !== undefined && (since !== undefined || until !== undefined)) {
        throw new UsageError('--window: give either --window or --since and --until, not both.');
      }
      if (options.csv === true && options.limit !== undefined) throw new UsageError('--limit: CSV always has all rows.');
      if (repository !== undefined && options.repositories !== undefined) {
        throw new UsageError('--repositories: give either one repository or --repositories, not both.');
      }
      const fields = options.sparkline === true ? 'sparkline' : undefined;
      const { repositories, around } = options;
      const parameters = {
        window,
        since,
        until,
        q,
        sort,
        repositories,
        around,
        fields,
        include: options.include?.join(','),
        kinds: options.kinds?.join(','),
      };
      const stack = await reachStack(context);
      try {
        if (options.csv === true) {
          const query = { ...parameters, format: 'csv' } as never;
          const text =
            repository === undefined
              ? await stack.api.text('getGlobalBoard', { query })
              : await stack.api.text('getRepositoryBoard', { params: { ...repository }, query });
          context.terminal.print(text.trimEnd());
          return;
        }
        const board = await readBoard(stack.api, repository ?? null, parameters, options.limit ?? DEFAULT_LIMIT);
        context.terminal.print(options.json === true ? JSON.stringify(board) : boardTable(board));
      } finally {
        await stack.close();
      }
    });
}
