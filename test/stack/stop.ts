import type { TestStack } from './start.ts';

/** Ends what start.ts began. */
export default async function stopTestStack(): Promise<void> {
  const stack: TestStack | undefined = globalThis.laurelsTestStack;
  await stack?.stop();
}
