import { createHash } from 'node:crypto';
import { z } from 'zod';

/*
 * A back-up is one gzip stream of text: a line of JSON that says what follows, then for each table a line of JSON, its rows in COPY's text
 * format up to a line `\.`, and a line of JSON with their number and sha256; at last a line that says how many tables there were.
 * `zcat` shows it; a row is one line, as COPY writes line ends within values as `\n`.
 */

/** Counted up when a file can't be read by what wrote the one before. */
export const FORMAT = 1;

const identifier = z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/);

/** The first line. */
export const header = z.object({
  laurels_backup: z.int(),
  created_at: z.iso.datetime(),
  laurels: z.string(),
  postgres: z.string(),
  /** What the schema was made by, oldest first. */
  migrations: z.array(z.string()).min(1),
  tables: z.array(identifier),
  /** Partitions by what they hold: scoring versions, board versions, months. */
  partitions: z.object({
    repository_leaderboard: z.array(z.int()),
    global_leaderboard: z.array(z.int()),
    leaderboard_snapshot: z.array(z.string().regex(/^\d{4}-\d{2}$/)),
  }),
  /** The last numbers given out. */
  sequences: z.record(identifier, z.int().nonnegative()),
  /** What opt-outs are recognised by, as text; null: there was none. */
  opt_out_key: z.string().nullable(),
});
export type BackupHeader = z.infer<typeof header>;

/** The line before a table's rows. */
export const tableLine = z.object({ table: identifier, columns: z.array(identifier).min(1) });
/** The line after them. */
export const sumLine = z.object({ rows: z.int(), sha256: z.string() });
/** The last line. */
export const endLine = z.object({ end: z.literal(true), tables: z.int(), rows: z.int() });

/** The line that ends a table's rows; no row can be this, as COPY doubles backslashes. */
export const END_OF_ROWS = '\\.\n';
const NEWLINE = 10;

/** Counts rows and sums up bytes as they pass. */
export class RowSum {
  rows = 0;
  readonly #hash = createHash('sha256');

  add(chunk: Buffer): void {
    this.#hash.update(chunk);
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) this.rows += 1;
  }

  digest(): string {
    return this.#hash.digest('hex');
  }
}

/** Reads lines and rows from a stream of text. */
export class BackupReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** The next line, parsed. @throws Error that says what is wrong with it. */
  async line<T>(schema: z.ZodType<T>): Promise<T> {
    let end: number;
    while ((end = this.#rest.indexOf(NEWLINE)) === -1) await this.#more();
    const text = this.#rest.subarray(0, end).toString('utf8');
    this.#rest = this.#rest.subarray(end + 1);
    const parsed = schema.safeParse(parseJson(text));
    if (!parsed.success) throw new Error(`a line is not what belongs there: ${text.slice(0, 80)}`);
    return parsed.data;
  }

  /** The rows up to the end of the table, whole lines in pieces. */
  async *rows(): AsyncGenerator<Buffer> {
    for (;;) {
      const end = this.#rest.lastIndexOf(NEWLINE) + 1;
      if (end === 0) {
        await this.#more();
        continue;
      }
      // It begins at the beginning of a line, always.
      const lines = this.#rest.subarray(0, end);
      const isOver = lines.subarray(0, END_OF_ROWS.length).toString('latin1') === END_OF_ROWS;
      const at = isOver ? 0 : lines.indexOf(`\n${END_OF_ROWS}`) + 1;
      if (isOver || at > 0) {
        this.#rest = this.#rest.subarray(at + END_OF_ROWS.length);
        if (at > 0) yield lines.subarray(0, at);
        return;
      }
      this.#rest = this.#rest.subarray(end);
      yield lines;
    }
  }

  /** Whether nothing follows. */
  async isAtEnd(): Promise<boolean> {
    return this.#rest.length === 0 && (await this.#chunks.next()).done === true;
  }

  async #more(): Promise<void> {
    const next = await this.#chunks.next();
    if (next.done === true) throw new Error('the file ends too early');
    this.#rest = Buffer.concat([this.#rest, next.value]);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
