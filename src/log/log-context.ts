import { AsyncLocalStorage } from 'node:async_hooks';

type Fields = Readonly<Record<string, unknown>>;

/** Belongs to the calls that run, not to this module: each sees what it was started with and nothing of the others. */
const context = new AsyncLocalStorage<Fields>();

/** Every line that is logged while `work` runs, whoever logs it, carries these fields (a request's id, a step's job) besides its own. */
export function withLogFields<T>(fields: Fields, work: () => T): T {
  return context.run({ ...context.getStore(), ...fields }, work);
}

/** Lines of `work` carry no such fields: what a connection says later is not about the call that happened to open it. */
export function withoutLogFields<T>(work: () => T): T {
  return context.exit(work);
}

/** The fields of the call that runs; a new object, which pino adds to. */
export function logFieldsHere(): Record<string, unknown> {
  return { ...context.getStore() };
}
