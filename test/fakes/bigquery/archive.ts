import { eventsOf, loadRows, rowsByTable } from './archive-tables.ts';
import type { Emulator } from './emulator.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The project of GH Archive's tables. */
export const ARCHIVE = 'githubarchive';

/** Events to load: lines of archive files of any era, or the events themselves. */
export interface Events {
  /** Paths of `.json` or `.ndjson` files, gzipped or not. */
  readonly files?: readonly string[];
  readonly events?: readonly Fields[];
}

export interface ArchiveOptions extends Events {
  /** Whether there are month tables as well. */
  readonly months?: boolean;
  /** Tables that the archive does not have: `day.20150101`. */
  readonly without?: readonly string[];
}

/** GH Archive's datasets in an emulator. Tables go by `day.20150101` and `month.201501`. */
export class Archive {
  readonly #emulator: Emulator;
  readonly #options: ArchiveOptions;
  /** The bytes of what was loaded. */
  readonly #tables = new Map<string, number>();
  /** What was there from the start, and which tables are no longer so. */
  #first: ReadonlyMap<string, readonly Fields[]> = new Map();
  readonly #changed = new Set<string>();

  constructor(emulator: Emulator, options: ArchiveOptions) {
    this.#emulator = emulator;
    this.#options = options;
  }

  /** Makes the datasets, and loads what is there from the start. */
  async open(): Promise<void> {
    for (const datasetId of ['day', 'month']) {
      const { status, body } = await this.#emulator.request('POST', `/projects/${ARCHIVE}/datasets`, {
        datasetReference: { projectId: ARCHIVE, datasetId },
        location: 'US',
      });
      if (status !== 200) throw new Error(`The emulator makes no dataset ${datasetId}: ${JSON.stringify(body)}`);
    }
    this.#first = await this.#tablesOf(this.#options);
    for (const [table, rows] of this.#first) await this.#load(table, rows);
  }

  async add(more: Events): Promise<void> {
    for (const [table, rows] of await this.#tablesOf(more)) {
      this.#changed.add(table);
      await this.#load(table, rows);
    }
  }

  async drop(table: string): Promise<void> {
    if (!this.#tables.delete(table)) throw new Error(`The archive has no table ${table}`);
    this.#changed.add(table);
    const [dataset, id] = table.split('.');
    await this.#emulator.request('DELETE', `/projects/${ARCHIVE}/datasets/${dataset}/tables/${id}`);
  }

  /** Removes all tables. */
  async clear(): Promise<void> {
    for (const table of this.#tables.keys()) await this.drop(table);
  }

  /** Makes all tables what they were from the start. */
  async restore(): Promise<void> {
    for (const table of this.#changed) {
      if (this.#tables.has(table)) await this.drop(table);
      const rows = this.#first.get(table);
      if (rows !== undefined) await this.#load(table, rows);
    }
    this.#changed.clear();
  }

  async #tablesOf({ files = [], events = [] }: Events): Promise<ReadonlyMap<string, readonly Fields[]>> {
    const { months = false, without = [] } = this.#options;
    const tables = rowsByTable([...(await eventsOf(files)), ...events], { months });
    return new Map([...tables].filter(([table]) => !without.includes(table)));
  }

  async #load(table: string, rows: readonly Fields[]): Promise<void> {
    this.#tables.set(table, (this.#tables.get(table) ?? 0) + (await loadRows(this.#emulator, table, rows)));
  }

  has(table: string): boolean {
    return this.#tables.has(table);
  }

  bytesOf(table: string): number | undefined {
    return this.#tables.get(table);
  }
}
