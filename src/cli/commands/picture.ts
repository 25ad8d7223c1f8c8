import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { RepositoryName } from '../../domain/repository-name.ts';
import { repositoryArgument, usernameArgument } from '../arguments.ts';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../exit-code.ts';
import { withStack } from '../stack.ts';

interface PictureOptions {
  readonly output?: string;
  readonly json?: boolean;
}

/** `laurels badge` and `laurels avatar`: the pictures that the API has. */
export function addPictureCommands(program: Command, context: CommandContext): void {
  program
    .command('badge')
    .summary("print a repository's or a person's badge")
    .description('Prints the badge of a repository (how many people are on its board) or of a person (their rank), as SVG.')
    .argument('<what>', 'owner/name, a login, or id:<GitHub id>', badgeArgument)
    .addOption(new Option('--output <file>', 'write it there instead').conflicts('json'))
    .option('--json', 'print {"media_type", "base64"}')
    .action(async (what: RepositoryName | string, options: PictureOptions) => {
      await withStack(context, async ({ api }) => {
        const picture =
          typeof what === 'string'
            ? await api.file('getContributorBadge', { params: { username: what } })
            : await api.file('getRepositoryBadge', { params: { ...what } });
        await show(context, picture, options);
      });
    });
  program
    .command('avatar')
    .summary("save somebody's picture")
    .description("Saves the picture of an account, from Laurels' own cache; somebody without one has a drawn one.")
    .argument('<user>', 'a login, or id:<GitHub id>', usernameArgument)
    .addOption(new Option('--output <file>', 'where it is written').conflicts('json'))
    .option('--json', 'print {"media_type", "base64"}')
    .action(async (username: string, options: PictureOptions) => {
      if (options.output === undefined && options.json !== true) throw new UsageError('--output: say where the picture is written.');
      await withStack(context, async ({ api }) => {
        const { body } = await api.call('getContributor', { params: { username } });
        await show(context, await api.file('getAvatar', { params: { github_id: String(body.github_id) } }), options);
      });
    });
}

/** A repository has a slash, a login never. */
function badgeArgument(text: string): RepositoryName | string {
  return text.includes('/') ? repositoryArgument(text) : usernameArgument(text);
}

async function show(
  { terminal }: CommandContext,
  { mediaType, bytes }: { readonly mediaType: string; readonly bytes: Buffer },
  { output, json }: PictureOptions,
): Promise<void> {
  if (json === true) terminal.print(JSON.stringify({ media_type: mediaType, base64: bytes.toString('base64') }));
  else if (output === undefined) terminal.print(bytes.toString('utf8'));
  else {
    const path = resolve(output);
    try {
      await writeFile(path, bytes);
    } catch (error) {
      throw new UsageError(`--output: ${path} can't be written: ${error instanceof Error ? error.message : String(error)}.`, {
        cause: error,
      });
    }
    terminal.print(`${path}: ${mediaType}`);
  }
}
