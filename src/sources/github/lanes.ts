import { setImmediate as requestsAreOut } from 'node:timers/promises';

/**
 * What a step of a lane gave: how its page is made, and the lane as it stands then; null when it is at its end. Further lanes may be
 * opened. The page is made once the next requests are on their way, and may take longer than they do (a list is there, details of
 * some rows are not): the lane goes on meanwhile.
 */
export interface Step<Lane, Page> {
  readonly page: () => Page | Promise<Page>;
  readonly next: Lane | null;
  readonly opened?: readonly Lane[];
}

/** A page and what is left to read once it is stored: where to go on after a crash. */
export interface Progress<Lane, Page> {
  readonly page: Page;
  readonly left: readonly Lane[];
}

/**
 * Reads several lanes of one list at once, `width` requests in flight, and each lane one page ahead of the consumer. `left` never
 * counts a page as read that was not handed out. When a step fails, the pages that the others still bring are handed out first.
 */
export async function* inLanes<Lane, Page>(o: {
  readonly lanes: readonly Lane[];
  readonly width: number;
  readonly signal: AbortSignal;
  readonly step: (lane: Lane, signal: AbortSignal) => Promise<Step<Lane, Page>>;
}): AsyncGenerator<Progress<Lane, Page>> {
  const abandoned = new AbortController();
  const signal = AbortSignal.any([o.signal, abandoned.signal]);
  type Outcome = { readonly key: number; readonly step: Step<Lane, Page> } | { readonly key: number; readonly error: unknown };
  // `stored` is what the consumer has; `running` may be a page further.
  const stored = new Map<number, Lane>(o.lanes.map((lane, index) => [index, lane]));
  const waiting: [number, Lane][] = [...stored];
  const running = new Map<number, Promise<Outcome>>();
  const failed = new Set<number>();
  const failures: unknown[] = [];
  let nextKey = stored.size;

  const start = (): void => {
    while (failures.length === 0 && running.size < o.width) {
      const [key, lane] = waiting.shift() ?? [];
      if (key === undefined) return;
      const work = o.step(lane as Lane, signal).then(
        (step): Outcome => ({ key, step }),
        (error: unknown): Outcome => ({ key, error }),
      );
      running.set(key, work);
    }
  };
  const fail = (key: number, error: unknown): void => {
    failed.add(key);
    failures.push(error);
  };

  try {
    for (;;) {
      start();
      if (running.size === 0) break;
      const outcome = await Promise.race(running.values());
      const { key } = outcome;
      running.delete(key);
      // After a page that failed, what its lane brought beyond it must not be taken for all.
      if (failed.has(key)) continue;
      if ('error' in outcome) {
        fail(key, outcome.error);
        continue;
      }
      const { step } = outcome;
      // First those that are open: a lane begun is a lane to finish.
      if (step.next !== null) waiting.unshift([key, step.next]);
      const opened = (step.opened ?? []).map((lane): [number, Lane] => [nextKey++, lane]);
      waiting.push(...opened);
      start();
      await requestsAreOut();
      let page: Page;
      try {
        page = await step.page();
      } catch (error) {
        fail(key, error);
        for (const [openedKey] of opened) failed.add(openedKey);
        continue;
      }
      if (step.next === null) stored.delete(key);
      else stored.set(key, step.next);
      for (const [openedKey, lane] of opened) stored.set(openedKey, lane);
      yield { page, left: [...stored.values()] };
    }
    if (failures.length > 0) throw failures[0];
  } finally {
    abandoned.abort();
  }
}
