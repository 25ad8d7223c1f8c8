import type { Command } from 'commander';
import type { AuditEntryResource } from '../../api/contract/access.ts';
import { wholeOption } from '../arguments.ts';
import type { CommandContext } from '../context.ts';
import { reachStack } from '../stack.ts';
import { tableOf } from '../table.ts';

interface AuditOptions {
  readonly actor?: string;
  readonly refused?: boolean;
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
    .option('--refused', 'only what was refused')
    .option('--limit <rows>', 'how many', wholeOption(1, 100), 50)
    .option('--json', "print the API's answer")
    .action(async ({ actor, refused, limit, json }: AuditOptions) => {
      const stack = await reachStack(context);
      try {
        const query = { actor, refused: refused === true ? 'true' : undefined, limit: String(limit) } as never;
        const { body: page } = await stack.api.call('listAudit', { query });
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
