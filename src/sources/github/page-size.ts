import { setTimeout as sleep } from 'node:timers/promises';
import { PageTooLarge, RowUnavailable } from './trouble.ts';

/** How many rows to ask for at once. Halves when GitHub can't answer, doubles again after some answers. */
export class PageSize {
  readonly #most: number;
  #current: number;
  #goodInRow = 0;
  /** Doubles with each trial that fails: a list that never works at full size must not try it every few pages. */
  #trialAfter = 4;
  #isTrial = false;

  constructor(most: number, current: number = most) {
    this.#most = most;
    this.#current = Math.min(most, Math.max(1, current));
  }

  get current(): number {
    return this.#current;
  }

  worked(): void {
    this.#isTrial = false;
    this.#goodInRow += 1;
    if (this.#current === this.#most || this.#goodInRow < this.#trialAfter) return;
    this.#current = Math.min(this.#most, this.#current * 2);
    this.#goodInRow = 0;
    this.#isTrial = true;
  }

  /** @returns false when it is one row already. */
  failed(): boolean {
    this.#goodInRow = 0;
    if (this.#isTrial) this.#trialAfter = Math.min(64, this.#trialAfter * 2);
    this.#isTrial = false;
    if (this.#current === 1) return false;
    this.#current = Math.floor(this.#current / 2);
    return true;
  }
}

/** How a request of one row is repeated before it is given up. */
export interface Patience {
  readonly retries: number;
  readonly secondMs: number;
}

/**
 * Asks for a page, smaller and smaller while GitHub answers that it is too much. `what` names it in errors.
 * @throws RowUnavailable when a single row is too much, again and again.
 */
export async function pageOfFittingSize<T>(
  size: PageSize,
  ask: (first: number) => Promise<T>,
  { patience, signal, what }: { readonly patience: Patience; readonly signal: AbortSignal; readonly what: string },
): Promise<T> {
  for (let tries = 1; ;) {
    try {
      const page = await ask(size.current);
      size.worked();
      return page;
    } catch (error) {
      if (!(error instanceof PageTooLarge)) throw error;
      if (size.failed()) continue;
      if (tries > patience.retries) throw new RowUnavailable(what, error.message, error);
      await sleep(tries ** 2 * patience.secondMs, undefined, { signal });
      tries += 1;
    }
  }
}
