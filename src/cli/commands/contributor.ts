import { Argument, Option, type Command } from 'commander';
import type { ActivityResource, ListedContributorResource, ProfileResource } from '../../api/contract/contributors.ts';
import type { EnrichmentResource } from '../../api/contract/enrichment.ts';
import { ACCOUNT_KINDS } from '../../domain/account-kind.ts';
import { CONTRIBUTION_KINDS } from '../../domain/contribution.ts';
import { fullNameOf, type RepositoryName } from '../../domain/repository-name.ts';
import { WINDOW_PRESETS } from '../../domain/window.ts';
import { dayOption, repositoryArgument, rowsOption, sinceOption, usernameArgument, wordsOption } from '../arguments.ts';
import type { ApiClient } from '../api-client.ts';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../exit-code.ts';
import { readPages } from '../pages.ts';
import { withStack } from '../stack.ts';
import { figure, tableOf } from '../table.ts';
import { printable } from '../terminal.ts';

const VIEWS = ['activity', 'repositories', 'series', 'ranks', 'enrichment'] as const;
type View = (typeof VIEWS)[number];

/** Which views an option says something about. */
const OPTION_VIEWS: Readonly<Record<string, readonly View[]>> = {
  kind: ['activity'],
  repository: ['activity', 'series', 'ranks'],
  window: ['series', 'ranks'],
  since: ['activity', 'series', 'ranks'],
  until: ['activity', 'series', 'ranks'],
  interval: ['series'],
  limit: ['activity', 'repositories'],
};
const USUAL_ROWS = 50;

interface ContributorOptions {
  readonly kind?: readonly string[];
  readonly repository?: RepositoryName;
  readonly window?: string;
  readonly since?: string;
  readonly until?: string;
  readonly interval?: string;
  readonly limit?: number;
  readonly json?: boolean;
}

const number = { align: 'right' } as const;

/** `laurels contributor USER [activity|repositories|series|ranks|enrichment]` */
export function addContributorCommand(program: Command, context: CommandContext): void {
  program
    .command('contributor')
    .summary('show a person')
    .description(
      'Shows a person: profile, ranks and totals; or what they did, in which repositories, per week, their ranks over time, or what was found out about them.',
    )
    .argument('<user>', 'a login, of now or of earlier, or id:<GitHub id>', usernameArgument)
    .addArgument(new Argument('[view]', 'what of them').choices(VIEWS))
    .option('--kind <kinds>', 'activity: only these', wordsOption(CONTRIBUTION_KINDS))
    .option('--repository <owner/name>', 'activity, series, ranks: only of this repository', repositoryArgument)
    .addOption(new Option('--window <window>', 'series, ranks: days that are shown').choices(WINDOW_PRESETS))
    .option('--since <date>', 'activity, series, ranks: first day, or "all"', sinceOption)
    .option('--until <date>', 'activity, series, ranks: last day', dayOption)
    .addOption(new Option('--interval <length>', 'series: how long a point is').choices(['day', 'week']))
    .option('--limit <rows>', `activity, repositories: how many (default: ${USUAL_ROWS})`, rowsOption)
    .option('--json', "print the API's answer")
    .action(async (username: string, view: View | undefined, options: ContributorOptions) => {
      refuseMisplaced(view, options);
      await withStack(context, async ({ api }) => {
        const { body, text } = await viewOf(api, username, view, options);
        context.terminal.print(options.json === true ? JSON.stringify(body) : text());
      });
    });
}

async function viewOf(
  api: ApiClient,
  username: string,
  view: View | undefined,
  { kind, repository, window, since, until, interval, limit = USUAL_ROWS }: ContributorOptions,
): Promise<{ readonly body: unknown; readonly text: () => string }> {
  const params = { username };
  const inRepository = repository === undefined ? undefined : fullNameOf(repository);
  switch (view) {
    case 'activity': {
      const filters = { kind: kind?.join(','), repository: inRepository, since, until };
      const body = await readPages(
        limit,
        async (page) => (await api.call('getContributorActivity', { params, query: { ...filters, ...page } })).body,
      );
      return { body, text: () => (body.data.length === 0 ? 'Nothing.' : activityTable(body.data)) };
    }
    case 'repositories': {
      const body = await readPages(limit, async (page) => (await api.call('getContributorRepositories', { params, query: page })).body);
      const rows = body.data.map(({ repository: at, rank, of, total_score }) => [at.full_name, rankOf(rank, of), figure(total_score, 4)]);
      return {
        body,
        text: () => tableOf([{ heading: 'repository' }, { heading: 'rank', ...number }, { heading: 'score', ...number }], rows),
      };
    }
    case 'series': {
      const query = { repository: inRepository, window, since, until, interval } as never;
      const { body } = await api.call('getContributorSeries', { params, query });
      const rows = body.data.filter(({ total }) => total > 0).map((point) => [point.since, figure(point.total)]);
      const table = () => tableOf([{ heading: `${body.interval} from` }, { heading: 'contributions', ...number }], rows);
      return { body, text: () => (rows.length === 0 ? 'Nothing.' : table()) };
    }
    case 'ranks': {
      const query = { repository: inRepository, window, since, until } as never;
      const { body } = await api.call('getContributorRanks', { params, query });
      const rows = body.data.map(({ day, rank, total_score }) => [day, String(rank), figure(total_score, 4)]);
      const table = () => tableOf([{ heading: 'day' }, { heading: 'rank', ...number }, { heading: 'score', ...number }], rows);
      return { body, text: () => (rows.length === 0 ? 'No ranks are kept.' : table()) };
    }
    case 'enrichment': {
      const { body } = await api.call('getContributorEnrichment', { params });
      return { body, text: () => enrichmentText(body) };
    }
    default: {
      const { body } = await api.call('getContributor', { params });
      return { body, text: () => profileText(body) };
    }
  }
}

/** An option that a view does not know would be passed over in silence. */
function refuseMisplaced(view: View | undefined, options: ContributorOptions): void {
  const wrong = Object.keys(options).find((option) => option in OPTION_VIEWS && !(OPTION_VIEWS[option] ?? []).includes(view as View));
  if (wrong !== undefined) throw new UsageError(`--${wrong}: it goes with ${(OPTION_VIEWS[wrong] ?? []).join(', ')} of a contributor.`);
}

function enrichmentText({ status, states, enrichment_sources: sources, ...known }: EnrichmentResource): string {
  const fields = [
    ['Twitter', 'twitter_username'],
    ['LinkedIn', 'linkedin_url'],
    ['website', 'personal_website'],
  ] as const;
  const lines = [
    `${'status'.padEnd(12)}${status}${known.last_enriched_at === null ? '' : `, ${known.last_enriched_at}`}`,
    ...(known.error === null ? [] : [`${'error'.padEnd(12)}${known.error}`]),
    ...fields.flatMap(([name, field]) => {
      const [value, origin] = [known[field], sources[field]];
      return value === null ? [] : [`${name.padEnd(12)}${value}${origin === undefined ? '' : ` (${origin.source}, ${origin.at})`}`];
    }),
    ...Object.entries(states).map(([source, { state, at }]) => `${`asked ${source}`.padEnd(16)}${state}, ${at}`),
  ];
  return lines.map(printable).join('\n');
}

const rankOf = (rank: number | null, of: number): string => (rank === null ? 'not ranked' : `${figure(rank)} of ${figure(of)}`);

function profileText(profile: ProfileResource): string {
  const { ranks, totals, streaks, enrichment } = profile;
  const lines: readonly (readonly [string, string | null])[] = [
    ['contributor', `${profile.username}${profile.display_name === null ? '' : ` (${profile.display_name})`}, ${profile.kind}`],
    ['why', profile.kind_rule],
    ['accounts', profile.accounts.length < 2 ? null : profile.accounts.map(({ username }) => username).join(', ')],
    ['earlier', profile.previous_usernames.length === 0 ? null : profile.previous_usernames.join(', ')],
    ['window', `${profile.window.since} to ${profile.window.until}`],
    [
      'global',
      ranks.global === null ? null : `${rankOf(ranks.global.rank, ranks.global.of)}, ${figure(ranks.global.total_score, 4)} points`,
    ],
    ...ranks.repositories.map(({ repository, rank, of, total_score }): readonly [string, string] => [
      '',
      `${repository.full_name}: ${rankOf(rank, of)}, ${figure(total_score, 4)} points`,
    ]),
    ['totals', totals === null ? 'nothing in this window' : `in ${figure(totals.repositories_contributed)} repositories`],
    ['streak', streaks.current === null ? null : `${streaks.current.days} days, since ${streaks.current.since}`],
    ['longest', streaks.longest === null ? null : `${streaks.longest.days} days, ${streaks.longest.since} to ${streaks.longest.until}`],
    ['website', enrichment?.personal_website ?? null],
    ['Twitter', enrichment?.twitter_username ?? null],
    ['LinkedIn', enrichment?.linkedin_url ?? null],
  ];
  const shown = lines.filter((line): line is readonly [string, string] => line[1] !== null);
  return shown.map(([name, value]) => printable(`${name.padEnd(12)}${value}`)).join('\n');
}

function activityTable(rows: readonly ActivityResource[]): string {
  return tableOf(
    [{ heading: 'at' }, { heading: 'kind' }, { heading: 'repository' }, { heading: 'where' }],
    rows.map(({ occurred_at, kind, repository, url, number: at }) => [
      occurred_at.slice(0, 19).replace('T', ' '),
      kind,
      repository.full_name,
      url ?? (at === null ? '' : `#${at}`),
    ]),
  );
}

interface ContributorsOptions {
  readonly kind?: readonly string[];
  readonly q?: string;
  readonly limit: number;
  readonly json?: boolean;
}

/** `laurels contributors` */
export function addContributorsCommand(program: Command, context: CommandContext): void {
  program
    .command('contributors')
    .summary('list people')
    .description('Lists people by login; --kind bot,agent shows whom boards leave out, and the rule that says so.')
    .option('--kind <kinds>', `only these: ${ACCOUNT_KINDS.join(',')}`, wordsOption(ACCOUNT_KINDS))
    .option('--q <text>', 'only whose login or name has this')
    .option('--limit <rows>', 'how many', rowsOption, USUAL_ROWS)
    .option('--json', "print the API's answer")
    .action(async ({ kind, q, limit, json }: ContributorsOptions) => {
      await withStack(context, async ({ api }) => {
        const filters = { kind: kind?.join(','), q };
        const body = await readPages(limit, async (page) => (await api.call('listContributors', { query: { ...filters, ...page } })).body);
        context.terminal.print(json === true ? JSON.stringify(body) : body.data.length === 0 ? 'Nobody.' : peopleTable(body.data));
      });
    });
}

/** People with their global ranks, as a table. */
export function peopleTable(people: readonly ListedContributorResource[]): string {
  return tableOf(
    [{ heading: '#', ...number }, { heading: 'contributor' }, { heading: 'score', ...number }, { heading: 'kind' }, { heading: 'why' }],
    people.map(({ rank, username, total_score, kind, kind_rule }) => [
      rank === null ? '' : figure(rank),
      username,
      total_score === null ? '' : figure(total_score, 4),
      kind,
      kind_rule ?? '',
    ]),
  );
}
