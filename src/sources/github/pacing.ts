import { setTimeout as sleep } from 'node:timers/promises';

/*
 * Octokit's throttling plugin is not used: it lets one GraphQL request go a second, as if each were a write, does not see those of
 * an Enterprise Server, can't be aborted while it waits, and its limiter's timers cost 5 ms a request (the retry plugin's as much).
 */

/** GitHub's limits are 900 REST requests and 2,000 GraphQL points a minute and 100 requests at once, per user; a fifth is left to others. */
export interface PaceLimits {
  readonly inFlight: number;
  readonly restPerMinute: number;
  readonly graphqlPerMinute: number;
}

export type Resource = 'core' | 'graphql';

/** Of github.com and its tenants. A GitHub Enterprise Server has no limits unless its owner sets some, and then says so in answers. */
export const GITHUB_COM_LIMITS: PaceLimits = { inFlight: 16, restPerMinute: 720, graphqlPerMinute: 1_600 };
export const OWN_SERVER_LIMITS: PaceLimits = { inFlight: 16, restPerMinute: Infinity, graphqlPerMinute: Infinity };

/** The limits that fit an API's address. */
export function limitsFor(apiUrl: string): PaceLimits {
  const { hostname } = new URL(apiUrl);
  return hostname === 'api.github.com' || hostname.endsWith('.ghe.com') ? GITHUB_COM_LIMITS : OWN_SERVER_LIMITS;
}

/** Keeps the requests of one credential within limits: so many at once, so many a minute. */
export class Pace {
  readonly #inFlight: number;
  readonly #starts: Readonly<Record<Resource, StartsPerMinute>>;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor({ inFlight, restPerMinute, graphqlPerMinute }: PaceLimits, now: () => number = () => performance.now()) {
    this.#inFlight = inFlight;
    this.#starts = { core: new StartsPerMinute(restPerMinute, now), graphql: new StartsPerMinute(graphqlPerMinute, now) };
  }

  /** Runs `work` when it may start. @throws the reason of `signal` when that is aborted meanwhile. */
  async run<T>(resource: Resource, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const pause = this.#starts[resource].take();
    if (pause > 0) await sleep(pause, undefined, { signal });
    if (this.#running >= this.#inFlight) await new Promise<void>((go) => this.#waiting.push(go));
    else this.#running += 1;
    try {
      signal.throwIfAborted();
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}

/** No more than `perMinute` starts in any minute: half of them may come at once, the rest evenly. */
class StartsPerMinute {
  readonly #size: number;
  readonly #now: () => number;
  #level: number;
  #filledAt: number;

  constructor(perMinute: number, now: () => number) {
    this.#size = perMinute / 2;
    this.#level = this.#size;
    this.#now = now;
    this.#filledAt = now();
  }

  /** Takes a start. @returns ms to wait before it. */
  take(): number {
    if (this.#size === Infinity) return 0;
    const perMs = this.#size / 60_000;
    const at = this.#now();
    this.#level = Math.min(this.#size, this.#level + (at - this.#filledAt) * perMs) - 1;
    this.#filledAt = at;
    return Math.max(0, -this.#level / perMs);
  }
}
