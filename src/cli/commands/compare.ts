import { Option, type Command } from 'commander';
import type { ComparisonResource } from '../../api/contract/compare.ts';
import { WINDOW_PRESETS } from '../../domain/window.ts';
import { dayOption, sinceOption } from '../arguments.ts';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../exit-code.ts';
import { withStack } from '../stack.ts';
import { figure, tableOf } from '../table.ts';

interface CompareOptions {
  readonly window?: string;
  readonly since?: string;
  readonly until?: string;
  readonly interval?: string;
  readonly json?: boolean;
}

const FEWEST = 2;
const MOST = 5;

/** `laurels compare owner/name owner/name…`, `laurels compare LOGIN LOGIN…` */
export function addCompareCommand(program: Command, context: CommandContext): void {
  program
    .command('compare')
    .summary('compare repositories or people')
    .description('Shows two to five repositories, or people, side by side, and what they share.')
    .argument('<what...>', 'owner/name of repositories, or logins')
    .addOption(new Option('--window <window>', 'days that count (default: 2y)').choices(WINDOW_PRESETS))
    .option('--since <date>', 'first day, or "all"', sinceOption)
    .option('--until <date>', 'last day', dayOption)
    .addOption(new Option('--interval <length>', 'points of the series in --json').choices(['day', 'week']))
    .option('--json', "print the API's answer")
    .action(async (what: readonly string[], { json, ...days }: CompareOptions) => {
      if (what.length < FEWEST || what.length > MOST) throw new UsageError(`compare: name ${FEWEST} to ${MOST}, not ${what.length}.`);
      const repositories = what.filter((name) => name.includes('/'));
      if (repositories.length > 0 && repositories.length < what.length) {
        throw new UsageError('compare: name either repositories (owner/name) or people, not both.');
      }
      const named = repositories.length > 0 ? { repositories: what.join(',') } : { contributors: what.join(',') };
      await withStack(context, async ({ api }) => {
        const { body } = await api.call('compareBoards', { query: { ...days, ...named } as never });
        context.terminal.print(json === true ? JSON.stringify(body) : comparisonText(body));
      });
    });
}

function comparisonText(comparison: ComparisonResource): string {
  const { repositories, contributors, shared_contributors: people, shared_repositories: places, window } = comparison;
  const number = { align: 'right' } as const;
  const days = `${window.since} to ${window.until}`;
  if (repositories !== undefined) {
    const table = tableOf(
      [
        { heading: 'repository' },
        { heading: 'contributors', ...number },
        { heading: 'score', ...number },
        { heading: 'first three', ...number },
        { heading: 'led by' },
      ],
      repositories.map(({ repository, contributors: count, totals, top_three_share: share, top }) => [
        repository.full_name,
        figure(count),
        totals === null ? '' : figure(totals.total_score, 4),
        share === null ? '' : `${Math.round(share * 100)} %`,
        top
          .slice(0, 3)
          .map(({ contributor }) => contributor.username)
          .join(', '),
      ]),
    );
    const both = (people?.data ?? []).map(({ contributor, total_score, places: where }) => [
      contributor.username,
      figure(total_score, 4),
      where.map(({ repository, rank }) => `${repository} ${rank ?? '-'}`).join(', '),
    ]);
    const shared = tableOf([{ heading: 'on several' }, { heading: 'score', ...number }, { heading: 'ranks' }], both);
    return [table, '', ...(both.length === 0 ? [] : [shared, '']), `${figure(people?.total ?? 0)} on several boards, ${days}.`].join('\n');
  }
  const table = tableOf(
    [{ heading: 'contributor' }, { heading: 'rank', ...number }, { heading: 'score', ...number }, { heading: 'repositories', ...number }],
    (contributors ?? []).map(({ contributor, rank, totals }) => [
      contributor.username,
      rank === null ? '' : String(rank),
      totals === null ? '' : figure(totals.total_score, 4),
      totals === null ? '' : figure(totals.repositories_contributed),
    ]),
  );
  const shared = (places ?? []).map(({ repository, places: who }) => [
    repository,
    who.map(({ username, total_score }) => `${username} ${figure(total_score, 4)}`).join(', '),
  ]);
  const common = tableOf([{ heading: 'in common' }, { heading: 'scores' }], shared);
  return [table, '', ...(shared.length === 0 ? [] : [common, '']), `${figure(shared.length)} repositories in common, ${days}.`].join('\n');
}
