import { randomUUID } from 'node:crypto';
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { StoredApiKey } from '../../db/api-keys.ts';
import type { Database } from '../../db/database.ts';
import { SCOPES, type Scope } from '../../domain/scope.ts';
import type { CommandContext } from '../context.ts';
import { withLocalDatabase } from '../local-database.ts';
import { tableOf } from '../table.ts';

/** Names that mean something else where callers are named. */
const RESERVED = ['local', 'anonymous', 'schedule', 'laurels', 'admin-key-file'];

/** `laurels key create|list|revoke` */
export function addKeyCommand(program: Command, context: CommandContext): void {
  const { terminal } = context;
  const key = program
    .command('key')
    .summary('make, list and revoke API keys')
    .description(
      'API keys, in the database of DATABASE_URL or of the data directory. They are needed as soon as others can reach Laurels.',
    );

  key
    .command('create')
    .description('Makes a key and prints it, once: only its hash is kept.')
    .argument('<name>', 'whose it is: what jobs and the audit say', keyName)
    .addOption(new Option('--scope <scope>', 'admin may do all, write collects, read looks').choices(SCOPES).default('read'))
    .option('--json', 'print one JSON object: {id, name, scope, created_at, key}')
    .action(async (name: string, { scope, json }: { readonly scope: Scope; readonly json?: boolean }) => {
      const { createApiKey } = await import('../../db/api-keys.ts');
      const { key: text, stored } = await withLocalDatabase(context, async (db) => {
        const made = await createApiKey(db, { name, scope });
        await writeDown(db, 'POST', 'create', made.stored.id);
        return made;
      });
      if (json === true) return terminal.print(JSON.stringify({ ...resourceOf(stored), key: text }));
      terminal.say(`Key "${name}" (${scope}). It is shown this once:`);
      terminal.print(text);
    });

  key
    .command('list')
    .description('Lists the keys, newest first.')
    .option('--json', 'print one JSON array')
    .action(async ({ json }: { readonly json?: boolean }) => {
      const { listApiKeys } = await import('../../db/api-keys.ts');
      const keys = await withLocalDatabase(context, listApiKeys);
      if (json === true) return terminal.print(JSON.stringify(keys.map(resourceOf)));
      terminal.print(keys.length === 0 ? 'No keys.' : keyTable(keys));
    });

  key
    .command('revoke')
    .description('Puts a key, and every session with it, out of force at once.')
    .argument('<key>', 'its name or id')
    .option('--json', 'print the key as one JSON object')
    .action(async (which: string, { json }: { readonly json?: boolean }) => {
      const { revokeApiKey } = await import('../../db/api-keys.ts');
      const revoked = await withLocalDatabase(context, async (db) => {
        const gone = await revokeApiKey(db, which);
        await writeDown(db, 'DELETE', 'revoke', gone.id);
        return gone;
      });
      terminal.print(json === true ? JSON.stringify(resourceOf(revoked)) : `Key "${revoked.name}" is revoked.`);
    });
}

/** Who may do what is changed without the API, and is in its audit all the same. */
async function writeDown(db: Database, method: 'POST' | 'DELETE', command: 'create' | 'revoke', keyId: string): Promise<void> {
  const { recordWrite } = await import('../../db/audit.ts');
  await recordWrite(db, {
    actor: 'local',
    method,
    pathTemplate: `laurels key ${command}`,
    target: { key_id: keyId },
    requestId: randomUUID(),
    result: method === 'POST' ? 201 : 200,
  });
}

function keyName(text: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9 ._@-]{0,59}$/.test(text)) {
    throw new InvalidArgumentError(
      'It must be 1 to 60 letters, digits, spaces, dots, hyphens, underscores or @, and begin with a letter or digit.',
    );
  }
  if (RESERVED.includes(text.toLowerCase())) throw new InvalidArgumentError(`"${text}" means something else. Take another name.`);
  return text;
}

function resourceOf({ id, name, scope, createdAt, lastUsedAt, revokedAt }: StoredApiKey) {
  return { id, name, scope, created_at: createdAt, last_used_at: lastUsedAt, revoked_at: revokedAt };
}

function keyTable(keys: readonly StoredApiKey[]): string {
  const minute = (moment: Date | null): string => moment?.toISOString().slice(0, 16).replace('T', ' ') ?? '';
  return tableOf(
    ['name', 'scope', 'created', 'last used', 'revoked', 'id'].map((heading) => ({ heading })),
    keys.map(({ id, name, scope, createdAt, lastUsedAt, revokedAt }) => [
      name,
      scope,
      minute(createdAt),
      lastUsedAt === null ? 'never' : minute(lastUsedAt),
      minute(revokedAt),
      id,
    ]),
  );
}
