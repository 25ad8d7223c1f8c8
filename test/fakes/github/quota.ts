/** GitHub's primary rate limit, per token and resource, and the headers that tell of it. */

export type Resource = 'graphql' | 'core';

export interface Bucket {
  limit: number;
  used: number;
  /** Milliseconds since 1970; whole seconds, as the header has no others. */
  resetAt: number;
}

export interface QuotaOptions {
  readonly limits: Readonly<Record<Resource, number>>;
  readonly windowMs: number;
  readonly now: () => Date;
}

/** Requests without a token share 60 an hour and have no GraphQL. */
const ANONYMOUS_LIMIT = 60;

export class Quota {
  readonly #options: QuotaOptions;
  readonly #buckets = new Map<string, Bucket>();

  constructor(options: QuotaOptions) {
    this.#options = options;
  }

  /** The bucket of a token (null: none given), begun anew when its window is over. */
  of(token: string | null, resource: Resource): Bucket {
    const key = `${resource} ${token ?? ''}`;
    const now = this.#options.now().getTime();
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      bucket = { limit: token === null ? ANONYMOUS_LIMIT : this.#options.limits[resource], used: 0, resetAt: 0 };
      this.#buckets.set(key, bucket);
    }
    if (bucket.resetAt <= now) {
      bucket.used = 0;
      bucket.resetAt = Math.ceil((now + this.#options.windowMs) / 1000) * 1000;
    }
    return bucket;
  }

  /** Uses up what is left of a token's bucket until `resetAt` (by default in an hour's quarter). */
  exhaust(token: string | null, resource: Resource, resetAt: Date = new Date(this.#options.now().getTime() + 900_000)): void {
    const bucket = this.of(token, resource);
    bucket.used = bucket.limit;
    bucket.resetAt = Math.ceil(resetAt.getTime() / 1000) * 1000;
  }

  /** Takes points. False, and nothing taken, when none are left. */
  spend(token: string | null, resource: Resource, points: number): boolean {
    const bucket = this.of(token, resource);
    if (bucket.used >= bucket.limit) return false;
    bucket.used = Math.min(bucket.limit, bucket.used + points);
    return true;
  }

  headers(token: string | null, resource: Resource): Record<string, string> {
    const bucket = this.of(token, resource);
    return {
      'x-ratelimit-limit': String(bucket.limit),
      'x-ratelimit-remaining': String(bucket.limit - bucket.used),
      'x-ratelimit-used': String(bucket.used),
      'x-ratelimit-reset': String(bucket.resetAt / 1000),
      'x-ratelimit-resource': resource,
    };
  }
}

/** Points per minute and requests at once beyond which GitHub answers with its secondary limit. */
export interface SecondaryLimits {
  readonly graphqlPointsPerMinute?: number;
  readonly restPerMinute?: number;
  readonly concurrent?: number;
}

/** Counts what a minute saw, to refuse what is too much. */
export class SecondaryLimit {
  readonly #limits: SecondaryLimits;
  readonly #now: () => Date;
  readonly #spent: Record<Resource, { at: number; points: number }[]> = { graphql: [], core: [] };

  constructor(limits: SecondaryLimits, now: () => Date) {
    this.#limits = limits;
    this.#now = now;
  }

  /** True when this request goes beyond a limit. */
  exceeds(resource: Resource, points: number, underWay: number): boolean {
    const now = this.#now().getTime();
    const recent = this.#spent[resource].filter((entry) => entry.at > now - 60_000);
    this.#spent[resource] = recent;
    const limit = resource === 'graphql' ? this.#limits.graphqlPointsPerMinute : this.#limits.restPerMinute;
    const sum = recent.reduce((total, entry) => total + entry.points, points);
    if (sum > (limit ?? Infinity) || underWay > (this.#limits.concurrent ?? Infinity)) return true;
    if (limit !== undefined) recent.push({ at: now, points });
    return false;
  }
}
