/** Keeps what was used last, up to a sum of sizes. */
export interface BoundedCache<T> {
  get(key: string): T | undefined;
  /** What is larger than the whole cache is not kept. */
  set(key: string, value: T, size: number): void;
}

/** Makes an empty cache for entries of `most` size in all, in whatever unit `set` is told. */
export function createBoundedCache<T>(most: number): BoundedCache<T> {
  // A Map gives its keys in the order in which they were set: the first is the one that was not used for longest.
  const entries = new Map<string, { readonly value: T; readonly size: number }>();
  let total = 0;

  const remove = (key: string): void => {
    total -= entries.get(key)?.size ?? 0;
    entries.delete(key);
  };

  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entries.delete(key);
      entries.set(key, entry);
      return entry.value;
    },
    set(key, value, size) {
      remove(key);
      if (size > most) return;
      entries.set(key, { value, size });
      total += size;
      for (const oldest of entries.keys()) {
        if (total <= most) return;
        remove(oldest);
      }
    },
  };
}
