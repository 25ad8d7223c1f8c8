import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { chmod, link, mkdir, open, readFile, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../domain/errors.ts';
import { queryable, type Database, type Queryable } from './database.ts';

/** The key of the hashes in `opt_out`. Whoever has it can tell from an id whether it was erased, so it is kept apart from the database. */
export type OptOutKey = Buffer;

const FILE = 'opt-out.key';
const CHECK = 'opt_out_key_check';
const LEAST_LENGTH = 24;

/** The key in use is not the one the stored hashes were made with: erased people would come back unnoticed. */
class OptOutKeyDiffers extends AppError {
  constructor() {
    super(
      'opt_out_key_differs',
      500,
      'OPT_OUT_KEY (or opt-out.key in the data directory) is not the key that people were hidden or erased with. Give every process the same key; it belongs to the back-ups.',
    );
  }
}

/** Where a key comes from. */
export interface OptOutKeySettings {
  /** OPT_OUT_KEY. */
  readonly optOutKey: string | null;
  readonly dataDir: string;
}

/**
 * The key of this process, checked against the database.
 * @throws AppError `opt_out_key_unreadable`, `opt_out_key_differs`
 */
export async function openOptOutKey(db: Database, settings: OptOutKeySettings): Promise<OptOutKey> {
  const key = await loadOptOutKey(settings);
  await checkOptOutKey(db, key);
  return key;
}

/** The key that is set, else that of the data directory; null: there is none yet. */
export async function existingOptOutKey({ optOutKey, dataDir }: OptOutKeySettings): Promise<OptOutKey | null> {
  const key = optOutKey ?? (await readFile(join(dataDir, FILE), 'utf8').catch(() => null))?.trim() ?? null;
  return key === null || key === '' ? null : Buffer.from(key);
}

/** Makes this the key of a data directory, in one step. */
export async function putOptOutKey(dataDir: string, key: OptOutKey): Promise<void> {
  await mkdir(dataDir, { recursive: true });
  const draft = join(dataDir, `${FILE}.${randomUUID()}`);
  await writeFile(draft, `${key.toString()}\n`, { mode: 0o600, flush: true });
  await rename(draft, join(dataDir, FILE));
}

/** The key that is set, else that of the data directory, which is made at the first start (0600). */
async function loadOptOutKey({ optOutKey, dataDir }: OptOutKeySettings): Promise<OptOutKey> {
  if (optOutKey !== null) return Buffer.from(optOutKey);
  const path = join(dataDir, FILE);
  try {
    await mkdir(dataDir, { recursive: true });
    await makeKey(path);
    await chmod(path, 0o600);
    const key = (await readFile(path, 'utf8')).trim();
    if (key.length < LEAST_LENGTH) throw new Error(`it holds fewer than ${LEAST_LENGTH} characters`);
    return Buffer.from(key);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AppError(
      'opt_out_key_unreadable',
      500,
      `The key of opt-outs can't be read from ${path}: ${reason}. Set OPT_OUT_KEY, or put the file back from a back-up.`,
      {},
      { cause: error },
    );
  }
}

/** Makes the file if there is none: whole or not at all, whoever else makes it at the same moment. */
async function makeKey(path: string): Promise<void> {
  const existing = await stat(path).catch(() => null);
  if (existing !== null) return;
  const draft = `${path}.${randomUUID()}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(`${randomBytes(32).toString('base64url')}\n`);
    await file.sync();
    await link(draft, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await file.close();
    await unlink(draft);
  }
}

/** The keyed hash that stands for a GitHub id. */
export function hashOfId(key: OptOutKey, githubId: number): Buffer {
  return createHmac('sha256', key).update(`id:${githubId}`).digest();
}

/** The keyed hash that stands for a login, in whatever case. */
export function hashOfLogin(key: OptOutKey, login: string): Buffer {
  return createHmac('sha256', key).update(`login:${login.toLowerCase()}`).digest();
}

function checkOf(key: OptOutKey): string {
  return createHmac('sha256', key).update('check').digest('base64url').slice(0, 16);
}

/**
 * Holds the key against the one that the stored hashes were made with; the first key of a database is remembered. While nobody is
 * hidden or erased a new key replaces the old one.
 * @throws AppError `opt_out_key_differs`
 */
export async function checkOptOutKey(db: Database | Queryable, key: OptOutKey): Promise<void> {
  const { rows } = await queryable(db).query<{ value: string }>(
    `INSERT INTO setting AS s (name, value) VALUES ('${CHECK}', to_jsonb($1::text))
     ON CONFLICT (name) DO UPDATE SET value = CASE WHEN EXISTS (SELECT FROM opt_out) THEN s.value ELSE excluded.value END
     RETURNING value`,
    [checkOf(key)],
  );
  if (rows[0]?.value !== checkOf(key)) throw new OptOutKeyDiffers();
}

/**
 * Holds a key against the stored hashes as {@link checkOptOutKey} does, and writes nothing. Null fits while nobody is hidden or erased.
 * @throws AppError `opt_out_key_differs`
 */
export async function keyFits(db: Database | Queryable, key: OptOutKey | null): Promise<void> {
  const { rows } = await queryable(db).query<{ check: string | null }>(
    `SELECT (SELECT value #>> '{}' FROM setting WHERE name = '${CHECK}') AS check WHERE EXISTS (SELECT FROM opt_out)`,
  );
  const stored = rows[0];
  if (stored !== undefined && (key === null || stored.check !== checkOf(key))) throw new OptOutKeyDiffers();
}
