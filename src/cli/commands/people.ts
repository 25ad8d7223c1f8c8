import { Argument, type Command } from 'commander';
import type { IdentityResource, SuggestionResource } from '../../api/contract/people.ts';
import { ACCOUNT_KINDS, type AccountKind } from '../../domain/account-kind.ts';
import { rowsOption, usernameArgument, usernameArguments } from '../arguments.ts';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../exit-code.ts';
import { readPages } from '../pages.ts';
import { withStack } from '../stack.ts';
import { tableOf } from '../table.ts';
import { printable } from '../terminal.ts';

/** `laurels kind`, `merge`, `split`, `identities`, `opt-out` and `erase`: who is who, and who is shown. */
export function addPeopleCommands(program: Command, context: CommandContext): void {
  addKindCommand(program, context);
  addMergeCommands(program, context);
  addIdentitiesCommand(program, context);
  addOptOutCommand(program, context);
  addEraseCommand(program, context);
}

interface Json {
  readonly json?: boolean;
}
const JSON_OPTION = ['--json', "print the API's answer"] as const;

function addKindCommand(program: Command, context: CommandContext): void {
  program
    .command('kind')
    .summary('say that somebody is a human, a bot or an agent')
    .description('Says that somebody is a human, a bot or an agent. Boards follow at once, and no rule changes it again.')
    .argument('<user>', 'a login, or id:<GitHub id>', usernameArgument)
    .addArgument(new Argument('<kind>', 'what they are').choices(ACCOUNT_KINDS))
    .requiredOption('--reason <text>', 'why; it is kept with the decision')
    .option(...JSON_OPTION)
    .action(async (username: string, kind: AccountKind, { reason, json }: Json & { readonly reason: string }) => {
      await withStack(context, async ({ api }) => {
        const { body } = await api.call('setContributorKind', { params: { username }, body: { kind, reason } });
        context.terminal.print(json === true ? JSON.stringify(body) : printable(`${body.contributor.username} is a ${body.kind} now.`));
      });
    });
}

function addMergeCommands(program: Command, context: CommandContext): void {
  const print = (identity: IdentityResource, json: boolean | undefined): void => {
    const [, ...others] = identity.accounts.map(({ username }) => username);
    const told = others.length === 0 ? 'one account' : `also ${others.join(', ')}`;
    context.terminal.print(json === true ? JSON.stringify(identity) : printable(`${identity.contributor.username}: ${told}.`));
  };
  program
    .command('merge')
    .summary("count other people's accounts for one person")
    .description("Counts other people's accounts for the first one. `laurels split` takes it back.")
    .argument('<user>', 'who stays: a login, or id:<GitHub id>', usernameArgument)
    .argument('<account...>', 'who is the same person', usernameArguments)
    .option('--reason <text>', 'why; it is kept with the decision')
    .option(...JSON_OPTION)
    .action(async (username: string, accounts: readonly string[], { reason, json }: Json & { readonly reason?: string }) => {
      await withStack(context, async ({ api }) => {
        const body = { accounts: [...accounts], ...(reason === undefined ? {} : { reason }) };
        print((await api.call('mergeContributors', { params: { username }, body })).body, json);
      });
    });
  program
    .command('split')
    .summary('take a merge back')
    .description('Makes accounts that were merged into a person people of their own again; without accounts all of them.')
    .argument('<user>', 'a login, or id:<GitHub id>', usernameArgument)
    .argument('[account...]', 'which accounts', usernameArguments)
    .option('--reason <text>', 'why; it is kept with the decision')
    .option(...JSON_OPTION)
    .action(async (username: string, accounts: readonly string[], { reason, json }: Json & { readonly reason?: string }) => {
      await withStack(context, async ({ api }) => {
        const body = { ...(accounts.length === 0 ? {} : { accounts: [...accounts] }), ...(reason === undefined ? {} : { reason }) };
        print((await api.call('splitContributor', { params: { username }, body })).body, json);
      });
    });
}

function addIdentitiesCommand(program: Command, context: CommandContext): void {
  const identities = program
    .command('identities')
    .summary('see which accounts are one person')
    .description('Which accounts are one person.');
  identities
    .command('suggestions')
    .description('People who may be one: seen under one login, or with the same verified e-mail.')
    .option('--limit <rows>', 'how many', rowsOption, 50)
    .option(...JSON_OPTION)
    .action(async ({ limit, json }: Json & { readonly limit: number }) => {
      await withStack(context, async ({ api }) => {
        const body = await readPages(limit, async (page) => (await api.call('listIdentitySuggestions', { query: page })).body);
        if (json === true) context.terminal.print(JSON.stringify(body));
        else context.terminal.print(body.data.length === 0 ? 'No suggestions.' : suggestionTable(body.data));
      });
    });
  identities
    .command('show')
    .description('The accounts of a person, and what was decided about them.')
    .argument('<user>', 'a login, or id:<GitHub id>', usernameArgument)
    .option(...JSON_OPTION)
    .option('--limit <rows>', 'how many decisions', rowsOption, 50)
    .action(async (username: string, { limit, json }: Json & { readonly limit: number }) => {
      await withStack(context, async ({ api }) => {
        const params = { username };
        let identity: IdentityResource | undefined;
        const changes = await readPages(limit, async (query) => {
          const { changes: page, ...rest } = (await api.call('getContributorIdentities', { params, query })).body;
          identity = rest;
          return page;
        });
        const body = { ...(identity as IdentityResource), changes };
        const lines = [
          `${body.contributor.username}: ${body.kind}${body.kind_rule === null ? '' : ` (${body.kind_rule})`}`,
          ...body.accounts.map((account) => `  ${account.username} (id ${account.github_id})`),
          ...body.changes.data.map(({ at, action, by, reason }) => `  ${at} ${action} by ${by}${reason === null ? '' : `: ${reason}`}`),
        ];
        context.terminal.print(json === true ? JSON.stringify(body) : lines.map(printable).join('\n'));
      });
    });
}

function suggestionTable(suggestions: readonly SuggestionResource[]): string {
  return tableOf(
    [{ heading: 'people' }, { heading: 'why' }],
    suggestions.map(({ contributors, evidence }) => [contributors.map(({ username }) => username).join(' = '), evidence]),
  );
}

function addOptOutCommand(program: Command, context: CommandContext): void {
  program
    .command('opt-out')
    .summary('show somebody nowhere any more')
    .description('Shows somebody nowhere any more: boards, search, exports, badges, pages. id:<GitHub id> also hides who was never seen.')
    .argument('<user>', 'a login, or id:<GitHub id>', usernameArgument)
    .option('--undo', 'show them again')
    .option('--json', 'print {"hidden": true} or {"hidden": false}')
    .action(async (username: string, { undo = false, json }: Json & { readonly undo?: boolean }) => {
      await withStack(context, async ({ api }) => {
        await api.call(undo ? 'showContributor' : 'hideContributor', { params: { username } });
        context.terminal.print(
          json === true ? JSON.stringify({ hidden: !undo }) : undo ? 'They are shown again.' : 'They are shown nowhere any more.',
        );
      });
    });
}

function addEraseCommand(program: Command, context: CommandContext): void {
  program
    .command('erase')
    .summary('forget somebody for good')
    .description('Forgets somebody for good. What they did stays, without them; later scrapes do not bring them back.')
    .argument('<user>', 'a login, or id:<GitHub id>', usernameArgument)
    .option('--yes', 'really: it can not be taken back')
    .option('--json', 'print {"erased": true}')
    .action(async (username: string, { yes, json }: Json & { readonly yes?: boolean }) => {
      if (yes !== true) throw new UsageError('It can not be taken back: say --yes. (`laurels opt-out` hides somebody and can be undone.)');
      await withStack(context, async ({ api }) => {
        await api.call('eraseContributor', { params: { username } });
        context.terminal.print(json === true ? JSON.stringify({ erased: true }) : 'They are forgotten.');
      });
    });
}
