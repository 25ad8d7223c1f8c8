/** Pages of GraphQL connections: cursors that say where they belong, GitHub's refusals of those that do not. */
import { GraphQLError } from 'graphql';

export interface PageArguments {
  readonly first?: number | null;
  readonly last?: number | null;
  readonly after?: string | null;
  readonly before?: string | null;
}

/** Items in the order of the connection, and what a cursor remembers of one: its sort value and its number. */
export interface Listing<T> {
  /** What the list is: a cursor of another list is refused. */
  readonly identity: string;
  readonly items: readonly T[];
  readonly keyOf: (item: T) => readonly [value: string | number, id: number];
  readonly descending: boolean;
}

export interface Connection {
  readonly totalCount: number;
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
  readonly nodes: readonly unknown[];
  readonly edges: readonly { readonly cursor: string; readonly node: unknown }[];
}

/** An error as GitHub writes it: with a `type` beside the message. */
export class GithubError extends GraphQLError {
  constructor(type: string, message: string) {
    super(message, { extensions: { githubType: type } });
  }
}

/**
 * The cursors of one fake: those given out, and those it no longer takes.
 * Cursors remember the place between items, not an offset, as GitHub's do: an item that moves to the front while somebody pages is
 * missed if it was still ahead, and one that moves to the end is seen twice.
 */
export class Cursors {
  readonly #given = new Set<string>();
  readonly #refused = new Set<string>();

  /** From now on every cursor given out so far is refused. */
  expire(): void {
    for (const cursor of this.#given) this.#refused.add(cursor);
    this.#given.clear();
  }

  /** One page of a list. @throws GithubError for a cursor that is foreign, broken or expired. */
  page<T>(list: Listing<T>, page: PageArguments, nodeOf: (item: T) => unknown): Connection {
    const cursorOf = (item: T): string =>
      this.#give(Buffer.from(`cursor:v2:${JSON.stringify([list.identity, ...list.keyOf(item)])}`).toString('base64'));
    const placeOf = (cursor: string, passed: boolean): number => this.#placeOf(list, cursor, passed);
    return this.#cut(list.items, page, placeOf, cursorOf, nodeOf);
  }

  /** A page of a commit's history, whose cursors are `<oid> <offset>`. */
  historyPage<T>(head: string, items: readonly T[], page: PageArguments, nodeOf: (item: T) => unknown): Connection {
    const placeOf = (cursor: string, passed: boolean): number => {
      const match = /^([0-9a-f]{40}) (\d+)$/.exec(cursor);
      const offset = Number(match?.[2]);
      if (match?.[1] !== head || this.#refused.has(cursor) || offset >= items.length) throw invalidCursor(cursor);
      return passed ? offset + 1 : offset;
    };
    return this.#cut(items, page, placeOf, (_item, at) => this.#give(`${head} ${at}`), nodeOf);
  }

  #give(cursor: string): string {
    this.#given.add(cursor);
    // A place has one cursor: one that is given out anew is taken again.
    this.#refused.delete(cursor);
    return cursor;
  }

  #cut<T>(
    items: readonly T[],
    page: PageArguments,
    placeOf: (cursor: string, passed: boolean) => number,
    cursorOf: (item: T, at: number) => string,
    nodeOf: (item: T) => unknown,
  ): Connection {
    const from = typeof page.after === 'string' ? placeOf(page.after, true) : 0;
    const to = typeof page.before === 'string' ? placeOf(page.before, false) : items.length;
    const start = typeof page.last === 'number' ? Math.max(from, to - page.last) : from;
    const end = typeof page.first === 'number' ? Math.min(to, from + page.first) : to;
    const shown = items.slice(start, end);
    // Made when asked for: most inner connections are asked for their nodes or their total only.
    return {
      totalCount: items.length,
      get pageInfo() {
        const [first, last] = [shown[0], shown.at(-1)];
        return {
          hasNextPage: end < items.length,
          hasPreviousPage: start > 0,
          startCursor: first === undefined ? null : cursorOf(first, start),
          endCursor: last === undefined ? null : cursorOf(last, end - 1),
        };
      },
      get nodes() {
        return shown.map(nodeOf);
      },
      get edges() {
        return shown.map((item, index) => ({ cursor: cursorOf(item, start + index), node: nodeOf(item) }));
      },
    };
  }

  #placeOf<T>(list: Listing<T>, cursor: string, passed: boolean): number {
    const key = readCursor(cursor);
    if (key === null || key[0] !== list.identity || this.#refused.has(cursor)) throw invalidCursor(cursor);
    // The first item that is not before (or, when passed, not at) the place of the cursor.
    let [low, high] = [0, list.items.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const order = compareKeys(list.keyOf(list.items[middle] as T), [key[1], key[2]]) * (list.descending ? -1 : 1);
      if (order < 0 || (passed && order === 0)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Orders by value, then by number. */
export function compareKeys(a: readonly [string | number, number], b: readonly [string | number, number]): number {
  if (a[0] === b[0]) return a[1] - b[1];
  return a[0] < b[0] ? -1 : 1;
}

function readCursor(cursor: string): readonly [string, string | number, number] | null {
  const text = Buffer.from(cursor, 'base64').toString();
  if (!text.startsWith('cursor:v2:')) return null;
  try {
    return JSON.parse(text.slice('cursor:v2:'.length)) as [string, string | number, number];
  } catch {
    return null;
  }
}

/** GitHub's answer to a cursor it does not know. */
function invalidCursor(cursor: string): GithubError {
  return new GithubError('INVALID_CURSOR_ARGUMENTS', `\`${cursor}\` does not appear to be a valid cursor.`);
}
