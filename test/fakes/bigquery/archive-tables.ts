/** GH Archive's events as its own BigQuery dataset has them: its schema, and the rows that its importer makes of lines of any era. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Emulator } from './emulator.ts';

type Fields = Readonly<Record<string, unknown>>;

const field = (name: string, type: string, fields?: readonly Fields[]): Fields => ({
  name,
  type,
  ...(fields === undefined ? {} : { fields }),
});
const ACCOUNT = [field('id', 'INTEGER'), ...['login', 'gravatar_id', 'avatar_url', 'url'].map((name) => field(name, 'STRING'))];
const REPO = [field('id', 'INTEGER'), field('name', 'STRING'), field('url', 'STRING')];

/** The columns of `githubarchive.day.*` and `month.*`. */
const ARCHIVE_SCHEMA = {
  fields: [
    field('type', 'STRING'),
    field('public', 'BOOLEAN'),
    field('payload', 'STRING'),
    field('repo', 'RECORD', REPO),
    field('actor', 'RECORD', ACCOUNT),
    field('org', 'RECORD', ACCOUNT),
    field('created_at', 'TIMESTAMP'),
    field('id', 'STRING'),
    field('other', 'STRING'),
  ],
} as const;

/** Lines of archive files, plain or gzipped; those that are no event are left out. */
export async function eventsOf(files: readonly string[]): Promise<readonly Fields[]> {
  const events: Fields[] = [];
  for (const file of files) {
    const bytes = await readFile(file);
    const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
    for (const line of text.split('\n')) {
      const event = parsed(line);
      if (event !== null) events.push(event);
    }
  }
  return events;
}

function parsed(line: string): Fields | null {
  try {
    return fieldsOf(JSON.parse(line));
  } catch {
    return null;
  }
}

const fieldsOf = (value: unknown): Fields | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null;

/** A value of a column: what does not fit its type is null. */
function fitted(value: unknown, type: unknown): unknown {
  if (type === 'INTEGER') {
    const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
    return Number.isSafeInteger(number) ? number : null;
  }
  if (type === 'BOOLEAN') return typeof value === 'boolean' ? value : null;
  return typeof value === 'string' ? value.toWellFormed().replaceAll('\0', '') : typeof value === 'number' ? String(value) : null;
}

/** The fields of a record that its column has; the others go to `other`. Null when nothing is left. */
function record(value: unknown, columns: readonly Fields[], putAside: (rest: Fields) => void): Fields | null {
  const fields = fieldsOf(value);
  if (fields === null) return null;
  const names = new Set(columns.map(({ name }) => name as string));
  const kept = Object.fromEntries(columns.map(({ name, type }) => [name as string, fitted(fields[name as string], type)]));
  const rest = Object.entries(fields).filter(([name]) => !names.has(name));
  if (rest.length > 0) putAside(Object.fromEntries(rest));
  return Object.values(kept).some((one) => one !== null) ? kept : null;
}

/** The day a row is of, `20150101` (UTC), and the row. Null: an event without a type or a time, which the importer refuses. */
function rowOf(event: Fields): { readonly day: string; readonly row: Fields } | null {
  const told = event['created_at'];
  const hasZone = typeof told === 'string' && /(?:Z|UTC|[+-]\d{2}:?\d{2})$/.test(told);
  const at = typeof told === 'string' ? Date.parse(hasZone ? told : `${told}Z`) : Number.NaN;
  if (Number.isNaN(at) || typeof event['type'] !== 'string') return null;
  const time = new Date(at).toISOString();
  const other: Record<string, unknown> = {};
  const from = (name: string, columns: readonly Fields[]): Fields | null => record(event[name], columns, (rest) => (other[name] = rest));

  const timeline = fieldsOf(event['repository']);
  const repo = timeline === null ? from('repo', REPO) : from('repository', REPO);
  // The fixtures leave out what nobody counts by; the archive's rows have the address, their only mention of the owner outside `other`.
  const url = timeline === null || repo === null ? null : (repo['url'] ?? addressOf(timeline));
  const actor =
    'actor_attributes' in event
      ? from('actor_attributes', ACCOUNT)
      : typeof event['actor'] === 'string'
        ? record({ login: event['actor'] }, ACCOUNT, () => undefined)
        : from('actor', ACCOUNT);
  const org =
    timeline !== null && 'organization' in timeline
      ? record({ login: timeline['organization'] }, ACCOUNT, () => undefined)
      : from('org', ACCOUNT);
  return {
    day: time.slice(0, 10).replaceAll('-', ''),
    row: {
      type: event['type'],
      public: fitted(event['public'], 'BOOLEAN'),
      payload: event['payload'] === undefined ? null : JSON.stringify(event['payload']),
      repo: url === null ? repo : { ...repo, url },
      actor,
      org,
      created_at: `${time.slice(0, 10)} ${time.slice(11, 19)}`,
      id: fitted(event['id'], 'STRING'),
      other: Object.keys(other).length === 0 ? null : JSON.stringify(other),
    },
  };
}

function addressOf({ owner, name }: Fields): string | null {
  return typeof owner === 'string' && typeof name === 'string' ? `https://github.com/${owner}/${name}` : null;
}

/** Rows by the tables they belong to: `day.20150101`, and `month.201501` where months are wanted. */
export function rowsByTable(events: readonly Fields[], o: { readonly months: boolean }): ReadonlyMap<string, readonly Fields[]> {
  const tables = new Map<string, Fields[]>();
  const put = (table: string, row: Fields): void => {
    const rows = tables.get(table);
    if (rows === undefined) tables.set(table, [row]);
    else rows.push(row);
  };
  for (const event of events) {
    const made = rowOf(event);
    if (made === null) continue;
    put(`day.${made.day}`, made.row);
    if (o.months) put(`month.${made.day.slice(0, 6)}`, made.row);
  }
  return tables;
}

let loads = 0;

/** Appends rows to a table of `githubarchive`, made where it is not there. Returns the bytes of the rows. */
export async function loadRows(emulator: Emulator, table: string, rows: readonly Fields[]): Promise<number> {
  const [datasetId, tableId] = table.split('.') as [string, string];
  loads += 1;
  const file = join(emulator.directory, `load-${loads}.ndjson`);
  const text = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  await writeFile(file, text);
  const { status, body } = await emulator.request('POST', '/projects/githubarchive/jobs', {
    jobReference: { projectId: 'githubarchive', jobId: `load-${loads}` },
    configuration: {
      load: {
        sourceUris: [`file://${file}`],
        sourceFormat: 'NEWLINE_DELIMITED_JSON',
        schema: ARCHIVE_SCHEMA,
        destinationTable: { projectId: 'githubarchive', datasetId, tableId },
      },
    },
  });
  const failure = (body as { status?: { errorResult?: { message?: string } } }).status?.errorResult;
  if (status !== 200 || failure !== undefined) throw new Error(`The emulator does not load ${table}: ${JSON.stringify(failure ?? body)}`);
  return Buffer.byteLength(text);
}
