import { Option, type Command } from 'commander';
import type { ScoringChangeResource, ScoringResource } from '../../api/contract/scoring.ts';
import { fullNameOf, type RepositoryName } from '../../domain/repository-name.ts';
import { SCORED, SCORED_NAMES } from '../../domain/scoring.ts';
import type { JobReference } from '../../api/contract/jobs.ts';
import { repositoryArgument, rowsOption, wholeOption } from '../arguments.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, UsageError } from '../exit-code.ts';
import { endOf, outcomeOf } from '../jobs.ts';
import { createProgress } from '../progress.ts';
import { readPages } from '../pages.ts';
import { changedRules, withRules, type RulesOptions } from '../scoring-options.ts';
import { previewText } from '../scoring-preview.ts';
import { reachStack, type Stack } from '../stack.ts';
import { figure, tableOf } from '../table.ts';

interface SaveOptions {
  readonly note?: string;
  readonly wait: boolean;
  readonly json?: boolean;
}
type Weights = Readonly<Record<string, number>>;

/** `laurels scoring get|set|preview|history|restore` */
export function addScoringCommand(program: Command, context: CommandContext): void {
  const scoring = program
    .command('scoring')
    .summary('show or change what contributions are worth')
    .description('Shows or changes what contributions are worth.');
  const withStack = async (work: (stack: Stack) => Promise<void>): Promise<void> => {
    const stack = await reachStack(context);
    try {
      await work(stack);
    } finally {
      await stack.close();
    }
  };
  const { terminal } = context;

  scoring
    .command('get')
    .summary('print the scoring')
    .option('--json', "print the API's answer")
    .action(({ json }: { json?: boolean }) =>
      withStack(async ({ api }) => {
        const { body } = await currentOf(api);
        terminal.print(json === true ? JSON.stringify(body) : scoringText(body));
      }),
    );

  withRules(scoring.command('set'))
    .summary('change weights, the line cap or options')
    .description('Changes weights, the line cap or options; the rest stays as it is. All boards follow at once.')
    .option('--note <text>', 'why; it stands in the history')
    .addOption(new Option('--no-wait', 'do not wait for the boards to follow'))
    .option('--json', "print the API's answer")
    .action((weights: Weights | undefined, options: RulesOptions & SaveOptions) =>
      withStack(async (stack) => {
        refuseNothing(weights, options);
        const { body: current } = await currentOf(stack.api);
        const body = { ...changedRules(current, weights ?? {}, options), ...noteOf(options) };
        const { body: saved } = await stack.api.call('putScoring', { body, headers: { 'if-match': tagOf(current) } });
        await reportSaved(context, stack, saved, options);
      }),
    );

  withRules(scoring.command('preview'))
    .summary('who would move with other weights')
    .description('Says who would move, and how far, with other weights; changes nothing.')
    .option('--repository <owner/name>', 'on the board of this repository (default: the global one)', repositoryArgument)
    .option('--json', "print the API's answer")
    .action((weights: Weights | undefined, options: RulesOptions & { repository?: RepositoryName; json?: boolean }) =>
      withStack(async ({ api }) => {
        refuseNothing(weights, options);
        const { body: current } = await currentOf(api);
        const query = { repository: options.repository === undefined ? undefined : fullNameOf(options.repository) } as never;
        const { body } = await api.call('previewScoring', { query, body: changedRules(current, weights ?? {}, options) });
        terminal.print(options.json === true ? JSON.stringify(body) : previewText(body));
      }),
    );

  scoring
    .command('history')
    .summary('list the versions')
    .description('Lists the versions of the scoring, newest first, with what changed.')
    .option('--limit <rows>', 'how many', rowsOption, 20)
    .option('--json', "print the API's answer")
    .action(({ limit, json }: { limit: number; json?: boolean }) =>
      withStack(async ({ api }) => {
        const body = await readPages(limit, async (page) => (await api.call('listScorings', { query: page })).body);
        if (json === true) {
          terminal.print(JSON.stringify(body));
          return;
        }
        const columns = [
          { heading: 'version', align: 'right' as const },
          { heading: 'at' },
          { heading: 'by' },
          { heading: 'changed' },
          { heading: 'note' },
        ];
        const rows = body.data.map((one) => [
          `${one.version}${one.in_force ? '*' : ''}`,
          one.created_at.slice(0, 19).replace('T', ' '),
          one.created_by ?? '',
          one.changes.map(changeText).join(', '),
          one.note ?? '',
        ]);
        terminal.print(`${tableOf(columns, rows)}\n\n* the boards have it`);
      }),
    );

  scoring
    .command('restore')
    .summary('save an earlier version as the newest')
    .description('Saves the rules of an earlier version as a new one. All boards follow at once.')
    .argument('<version>', 'a version of the history', wholeOption(1, 999_999_999))
    .option('--note <text>', 'why; it stands in the history')
    .addOption(new Option('--no-wait', 'do not wait for the boards to follow'))
    .option('--json', "print the API's answer")
    .action((version: number, options: SaveOptions) =>
      withStack(async (stack) => {
        const { body: saved } = await stack.api.call('restoreScoring', { params: { version: String(version) }, body: noteOf(options) });
        await reportSaved(context, stack, saved, options);
      }),
    );
}

async function currentOf(api: Stack['api']): Promise<{ readonly body: ScoringResource }> {
  const answer = await api.call('getScoring');
  if (answer.body === null) throw new Error('The scoring was answered without a body');
  return { body: answer.body };
}

const tagOf = ({ version }: ScoringResource): string => `"scoring-${version}"`;
const noteOf = ({ note }: SaveOptions): { note?: string } => (note === undefined ? {} : { note });

function refuseNothing(weights: Weights | undefined, { lineCap, dailyCap, coauthors, concave }: RulesOptions): void {
  // Without arguments commander hands over an empty list.
  if (Object.keys(weights ?? {}).length === 0 && [lineCap, dailyCap, coauthors, concave].every((given) => given === undefined)) {
    throw new UsageError('Say what to change: COMMIT=12, --line-cap 400, --daily-cap COMMENT=10, --coauthors, --concave (see --help).');
  }
}

/** Waits for the boards, where that is wanted, and says what was saved. A stack of our own is always waited for: it ends with the command. */
async function reportSaved(
  context: CommandContext,
  stack: Stack,
  saved: ScoringResource & { readonly rescore: JobReference | null },
  { wait, json }: SaveOptions,
): Promise<void> {
  const { terminal, signal, exitWith } = context;
  const job = saved.rescore;
  if (json === true) terminal.print(JSON.stringify(saved));
  if (job === null) {
    if (json !== true) terminal.print(`Nothing to change: these are the rules of version ${saved.version}.`);
    return;
  }
  if (!wait && stack.kind !== 'own') {
    if (json !== true) terminal.print(`Saved as version ${saved.version}. The boards follow: ${new URL(job.url, stack.api.url).href}`);
    return;
  }
  const progress = createProgress(terminal);
  const ended = await endOf(stack.api, job.id, progress, signal).finally(() => progress.end());
  if (ended.status !== 'COMPLETED') {
    terminal.say(`Saved as version ${saved.version}, but ${outcomeOf(ended)}`);
    exitWith(EXIT.failed);
  } else if (json !== true) terminal.print(`Saved as version ${saved.version}. ${boardsInWords(ended.progress.done)} it.`);
}

const boardsInWords = (boards: number): string => (boards === 1 ? '1 board has' : `${figure(boards)} boards have`);

/** Rules as a table, options below it. */
function scoringText(scoring: ScoringResource): string {
  const { daily_caps: caps, coauthor_credit, concave_lines } = scoring.options;
  const capped = Object.entries(caps);
  const rows = SCORED_NAMES.map((name) => [name, figure(scoring.weights[name], 4), SCORED[name].description]);
  return [
    tableOf([{ heading: 'kind' }, { heading: 'points', align: 'right' }, { heading: '' }], rows),
    '',
    `lines earn at most ${figure(scoring.line_bonus_cap, 4)} per person and repository${concave_lines ? ', on a curve' : ''}`,
    `co-authored commits earn ${coauthor_credit ? 'what commits earn' : 'nothing'}`,
    `daily caps: ${capped.length === 0 ? 'none' : capped.map(([kind, cap]) => `${kind} ${cap}`).join(', ')}`,
    `version ${scoring.version}, ${scoring.created_at}${scoring.created_by === null ? '' : `, by ${scoring.created_by}`}${scoring.note === null ? '' : `: ${scoring.note}`}`,
  ].join('\n');
}

function changeText({ pointer, before, after }: ScoringChangeResource): string {
  const show = (value: number | boolean | null): string =>
    value === null ? 'none' : typeof value === 'number' ? figure(value, 4) : value ? 'on' : 'off';
  return `${pointer.split('/').slice(-1)[0]?.toString() ?? pointer} ${show(before)} → ${show(after)}`;
}
