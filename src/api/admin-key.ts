import { readFile } from 'node:fs/promises';
import { adoptFileKey, hasAdminKey, isKeyText } from '../db/api-keys.ts';
import type { Database } from '../db/database.ts';
import { AppError } from '../domain/errors.ts';

/** Laurels would be open to others, and nobody could administer it. */
class AdminKeyMissing extends AppError {
  constructor(message: string) {
    super('admin_key_missing', 500, message);
  }
}

const HOW_TO_MAKE = `make one with: printf 'lrl_%s\\n' "$(openssl rand -base64 32 | tr '+/' '-_' | tr -d '=')" > FILE`;

/**
 * Takes over the key of ADMIN_KEY_FILE, and sees to it that others reach the API only where there is an admin's key.
 * @throws AdminKeyMissing saying what to do.
 */
export async function ensureAdminKey(
  db: Database,
  { isExposed, adminKeyFile }: { readonly isExposed: boolean; readonly adminKeyFile: string | null },
): Promise<void> {
  if (adminKeyFile !== null) await adoptFileKey(db, await keyIn(adminKeyFile));
  if (!isExposed || (await hasAdminKey(db))) return;
  throw new AdminKeyMissing(
    'HOST or TRUST_PROXY open Laurels to others, but there is no admin key yet. ' +
      'Make one first: npm run -s laurels -- key create NAME --scope admin; or set ADMIN_KEY_FILE.',
  );
}

async function keyIn(path: string): Promise<string> {
  let text: string;
  try {
    text = (await readFile(path, 'utf8')).trim();
  } catch (error) {
    throw new AdminKeyMissing(`ADMIN_KEY_FILE ${path} can't be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (isKeyText(text)) return text;
  throw new AdminKeyMissing(`ADMIN_KEY_FILE ${path} must hold one key, lrl_ and 43 random characters; ${HOW_TO_MAKE}`);
}
