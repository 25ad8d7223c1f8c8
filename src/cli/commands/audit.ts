import { Option, type Command } from 'commander';
import type { AuditEntryResource } from '../../api/contract/access.ts';
import { rowsOption } from '../arguments.ts';
import type { CommandContext } from '../context.ts';
import { readPages } from '../pages.ts';
import { reachStack } from '../stack.ts';
import { tableOf } from '../table.ts';

interface AuditOptions {
  readonly actor?: string;
  readonly refused?: boolean;
  readonly done?: boolean;
  readonly limit: number;
  readonly json?: boolean;
}

/** `laurels audit` */
export function addAuditCommand(program: Command, context: CommandContext): void {
  program
    .command('audit')
    .summary('list who changed what')
    .description('Lists every write that was asked for, newest first: who, what, and the status it was answered with.')
    .option('--actor <key>', 'only of this key, by name or id ("local": this machine without a key)')
    .addOption(new Option('--refused', 'only what was refused').conflicts('done'))
    .option('--done', 'only what was carried out')
    .option('--limit <rows>', 'how many', rowsOption, 50)
    .option('--json', "print the API's answer")
    .action(async ({ actor, refused, done, limit, json }: AuditOptions) => {
      const stack = await reachStack(context);
      try {
        const filters = { actor, refused: refused === true ? 'true' : done === true ? 'false' : undefined };
        const page = await readPages(
          limit,
          async (asked) => (await stack.api.call('listAudit', { query: { ...filters, ...asked } as never })).body,
        );
        context.terminal.print(json === true ? JSON.stringify(page) : page.data.length === 0 ? 'No writes.' : auditTable(page.data));
      } finally {
        await stack.close();
      }
    });
}

function auditTable(entries: readonly AuditEntryResource[]): string {
  return tableOf(
    [
      { heading: 'at' },
      { heading: 'who' },
      { heading: 'status', align: 'right' },
      { heading: 'what' },
      { heading: 'of' },
      { heading: 'request' },
    ],
    entries.map(({ at, actor, result, method, path, target, request_id }) => [
      at.slice(0, 19).replace('T', ' '),
      actor.name,
      String(result),
      `${method} ${path}`,
      Object.entries(target)
        .map(([name, id]) => `${name}=${id}`)
        .join(' '),
      request_id,
    ]),
  );
}
