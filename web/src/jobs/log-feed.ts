import type { LogLevel, LogLineResource } from '../../../src/api/contract/jobs.ts';

/** What the feed says of itself. `lost`: it is trying to connect again, and will bring what was missed. */
export type FeedState = 'connecting' | 'live' | 'lost' | 'refused';

export interface LogFeed {
  readonly lines: readonly LogLineResource[];
  readonly state: FeedState;
  /** Lines that were dropped from the top to keep the page quick. */
  readonly dropped: number;
}

interface FeedFilter {
  readonly job: string | null;
  readonly level: LogLevel;
}

/** More than these nobody scrolls through; the download has all. */
const MOST_LINES = 2_000;
/** Lines are drawn in blocks of so many, and dropped by whole blocks: a block that is full is never drawn again. */
export const BLOCK_LINES = 100;
/** Lines that arrive within this are drawn together: nobody reads faster. */
const GATHER_MS = 100;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 15_000;
/** A connection that was refused this often without ever opening is not coming. */
const MOST_REFUSALS = 8;

/**
 * Follows the log: stored lines of a job first, then live ones, in order and without gap. A lost connection is taken up again
 * behind the last line. Lines are handed on ten times a second, so that hundreds a second leave the page responsive.
 */
export class LogFollower {
  readonly #filter: FeedFilter;
  readonly #listeners = new Set<() => void>();
  #feed: LogFeed = { lines: [], state: 'connecting', dropped: 0 };
  #arrived: LogLineResource[] = [];
  #after: number | null;
  #socket: WebSocket | null = null;
  #retry: ReturnType<typeof setTimeout> | null = null;
  #gathering: ReturnType<typeof setTimeout> | null = null;
  #failures = 0;
  #stopped = true;

  constructor(filter: FeedFilter) {
    this.#filter = filter;
    // A job's log is read from its beginning; the log of everything only from now on.
    this.#after = filter.job === null ? null : 0;
  }

  /** For useSyncExternalStore: follows while somebody listens. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (this.#stopped) {
      this.#stopped = false;
      this.#connect();
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#stop();
    };
  };

  readonly snapshot = (): LogFeed => this.#feed;

  #connect(): void {
    const url = new URL('/dashboard/ws/logs', location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    if (this.#filter.job !== null) url.searchParams.set('job', this.#filter.job);
    url.searchParams.set('level', this.#filter.level);
    if (this.#after !== null) url.searchParams.set('after', String(this.#after));
    const socket = new WebSocket(url);
    this.#socket = socket;
    socket.addEventListener('open', () => {
      this.#failures = 0;
      this.#tell({ state: 'live' });
    });
    socket.addEventListener('message', (event: MessageEvent<string>) => {
      const line = JSON.parse(event.data) as LogLineResource;
      this.#after = line.id;
      this.#arrived.push(line);
      this.#gathering ??= setTimeout(() => this.#flush(), GATHER_MS);
    });
    socket.addEventListener('close', () => {
      if (this.#stopped || this.#socket !== socket) return;
      this.#failures += 1;
      if (this.#failures > MOST_REFUSALS) {
        this.#tell({ state: 'refused' });
        return;
      }
      this.#tell({ state: 'lost' });
      this.#retry = setTimeout(() => this.#connect(), Math.min(FIRST_RETRY_MS * 2 ** (this.#failures - 1), LONGEST_RETRY_MS));
    });
  }

  #stop(): void {
    this.#stopped = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    if (this.#gathering !== null) clearTimeout(this.#gathering);
    this.#flush();
    this.#socket?.close();
    this.#socket = null;
  }

  #flush(): void {
    this.#gathering = null;
    if (this.#arrived.length === 0) return;
    const all = [...this.#feed.lines, ...this.#arrived];
    const over = Math.ceil(Math.max(0, all.length - MOST_LINES) / BLOCK_LINES) * BLOCK_LINES;
    this.#arrived = [];
    this.#tell({ lines: over === 0 ? all : all.slice(over), dropped: this.#feed.dropped + over });
  }

  #tell(change: Partial<LogFeed>): void {
    this.#feed = { ...this.#feed, ...change };
    for (const listener of this.#listeners) listener();
  }
}
