import { Option, type Command } from 'commander';
import type { ReceiptResource } from '../../api/contract/scores.ts';
import { fullNameOf, type RepositoryName } from '../../domain/repository-name.ts';
import { WINDOW_PRESETS } from '../../domain/window.ts';
import { dayOption, repositoryArgument, sinceOption, usernameArgument } from '../arguments.ts';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../exit-code.ts';
import { reachStack } from '../stack.ts';
import { figure, tableOf } from '../table.ts';
import { printable } from '../terminal.ts';

interface ScoreOptions {
  readonly repository?: RepositoryName;
  readonly window?: string;
  readonly since?: string;
  readonly until?: string;
  readonly json?: boolean;
}

/** `laurels score USER` */
export function addScoreCommand(program: Command, context: CommandContext): void {
  program
    .command('score')
    .summary("print the receipt of a person's score")
    .description("Prints how a person's score comes about: what counted, times what it is worth.")
    .argument('<user>', 'a login, of now or of earlier, or id:<GitHub id>', usernameArgument)
    .option('--repository <owner/name>', 'in this repository (default: in all of them together)', repositoryArgument)
    .addOption(new Option('--window <window>', 'days that count (default: 2y)').choices(WINDOW_PRESETS))
    .option('--since <date>', 'first day, or "all"', sinceOption)
    .option('--until <date>', 'last day', dayOption)
    .option('--json', "print the API's answer")
    .action(async (username: string, { repository, window, since, until, json }: ScoreOptions) => {
      if (window !== undefined && (since !== undefined || until !== undefined)) {
        throw new UsageError('--window: give either --window or --since and --until, not both.');
      }
      const stack = await reachStack(context);
      try {
        const query = { repository: repository === undefined ? undefined : fullNameOf(repository), window, since, until } as never;
        const { body } = await stack.api.call('getContributorScore', { params: { username }, query });
        context.terminal.print(json === true ? JSON.stringify(body) : receiptText(body));
      } finally {
        await stack.close();
      }
    });
}

/** Repositories that are listed; the rest stand in the JSON. */
const MOST_REPOSITORIES = 20;

const LINE_NAMES = { LINES_ADDED: 'lines added', LINES_DELETED: 'lines deleted' } as const;

/** A receipt as lines of text; `?` is a figure nobody knows, `12+` at least twelve. */
export function receiptText(receipt: ReceiptResource): string {
  const { contributor, repository, window, line_bonus: bonus, board } = receipt;
  const known = (count: number | null, isIncomplete: boolean): string =>
    count === null ? '?' : `${figure(count)}${isIncomplete ? '+' : ''}`;
  const rows = [
    ...receipt.lines.map((line) => [
      line.kind,
      `${known(line.counted, line.is_incomplete)}${line.counted === line.count ? '' : ` of ${known(line.count, line.is_incomplete)}`}`,
      figure(line.points_each, 4),
      figure(line.points, 4),
      line.daily_cap === null ? '' : `at most ${figure(line.daily_cap)} a day`,
    ]),
    ...bonus.lines
      .filter(({ count }) => count !== 0)
      .map((line) => [
        LINE_NAMES[line.kind],
        known(line.count, line.is_incomplete),
        figure(line.points_each, 4),
        figure(line.points, 4),
        '',
      ]),
  ];
  const bonusRule = bonus.concave ? `on the curve to ${figure(bonus.cap, 4)}` : `at most ${figure(bonus.cap, 4)}`;
  const cut =
    bonus.points === bonus.points_before_cap
      ? ''
      : `${figure(bonus.points_before_cap, 4)} points of lines count ${figure(bonus.points, 4)}`;
  const repositories = repository === null ? receipt.repositories.slice(0, MOST_REPOSITORIES) : [];
  const others = repository === null ? receipt.repositories.length - repositories.length : 0;
  return [
    printable(
      `${contributor.username} in ${repository ?? 'all repositories'}, ${window.since} to ${window.until}, scoring ${receipt.scoring_version}`,
    ),
    '',
    ...(rows.length === 0
      ? ['Nothing counts here.']
      : [
          tableOf(
            [
              { heading: 'what' },
              { heading: 'count', align: 'right' },
              { heading: 'each', align: 'right' },
              { heading: 'points', align: 'right' },
              { heading: '' },
            ],
            rows,
          ),
        ]),
    ...(cut === '' ? [] : [`${cut} (${bonusRule} a repository)`]),
    '',
    `total ${figure(receipt.total_score, 4)}${board === null || board.rank === null ? '' : `, rank ${figure(board.rank)}`}`,
    ...(board?.is_current === false ? [`The board says ${figure(board.total_score, 4)}: it is being made anew.`] : []),
    ...repositories.map((one) => printable(`  ${figure(one.total_score, 4).padStart(14)}  ${one.repository}`)),
    ...(others > 0 ? [`  and ${figure(others)} more repositories (--json)`] : []),
  ].join('\n');
}
