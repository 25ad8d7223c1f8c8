/**
 * Lets many who ask the same at once share one read. Who asks while a read runs waits for the next one, so that an answer is never
 * older than its question.
 */
export function createSharedReads<T>(): (key: string, read: () => Promise<T>) => Promise<T> {
  interface Slot {
    next: Promise<T> | null;
  }
  const running = new Map<string, { readonly slot: Slot; readonly done: Promise<unknown> }>();

  const start = (key: string, read: () => Promise<T>): Promise<T> => {
    const slot: Slot = { next: null };
    const reading = read();
    const done = reading.then(
      () => undefined,
      () => undefined,
    );
    running.set(key, { slot, done });
    void done.then(() => {
      if (slot.next === null) running.delete(key);
    });
    return reading;
  };

  return (key, read) => {
    const current = running.get(key);
    if (current === undefined) return start(key, read);
    current.slot.next ??= current.done.then(() => start(key, read));
    return current.slot.next;
  };
}
