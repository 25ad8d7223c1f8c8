import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from '../config.ts';
import { readStackDescriptor } from '../embedded/data-directory.ts';
import { createApiClient, type ApiClient } from './api-client.ts';
import type { CommandContext } from './context.ts';
import { takeLease } from './lease.ts';
import { startOneShot } from './one-shot.ts';

/** A Laurels that a command talks to. */
export interface Stack {
  readonly api: ApiClient;
  /** `remote`: LAURELS_URL; `running`: somebody else's on this data directory; `own`: started for this command. */
  readonly kind: 'remote' | 'running' | 'own';
  /** Stops what was started for this command, lets go of the rest. */
  close(): Promise<void>;
}

/** How long a start or a stop by another process is waited for. */
const PATIENCE_MS = 120_000;
const POLL_MS = 150;

/**
 * The Laurels of LAURELS_URL; else the one that runs on the data directory; else one started for this command.
 * @throws ApiUnreachable when LAURELS_URL has nothing, AppError when a stack can't be started.
 */
export async function reachStack({ config: configOf, terminal, signal }: CommandContext): Promise<Stack> {
  const config = configOf();
  if (config.laurelsUrl !== null) {
    const api = createApiClient(config.laurelsUrl, signal, config.laurelsApiKey);
    await api.call('getHealth');
    return { api, kind: 'remote', close: async () => undefined };
  }
  const deadline = Date.now() + PATIENCE_MS;
  let isTold = false;
  for (;;) {
    signal.throwIfAborted();
    const running = await runningStack(config, signal);
    if (running !== null) return running;
    const own = await startOneShot({ dataDir: config.dataDir, terminal, signal });
    if (own.state === 'ready') return { api: createApiClient(own.url, signal), kind: 'own', close: own.stop };
    // Another process starts or stops there: soon its stack answers, or the directory is free.
    if (Date.now() > deadline) throw own.error;
    if (!isTold) terminal.say('Another Laurels starts or stops on this data directory; waiting for it.');
    isTold = true;
    for (let polls = 0; polls < 20 && (await readStackDescriptor(config.dataDir)) === null; polls += 1) {
      await delay(POLL_MS, undefined, { signal });
    }
  }
}

/** Lets a command work with {@link reachStack}'s Laurels, and lets go of it however that ends. */
export async function withStack(context: CommandContext, work: (stack: Stack) => Promise<void>): Promise<void> {
  const stack = await reachStack(context);
  try {
    await work(stack);
  } finally {
    await stack.close();
  }
}

/** The stack that runs on a data directory; null when none does. */
async function runningStack({ dataDir, laurelsApiKey }: Config, signal: AbortSignal): Promise<Stack | null> {
  const found = await answeringUrl(dataDir);
  if (found === null) return null;
  const lease = await takeLease(dataDir);
  // One that was about to stop may not have seen the lease: it counts only if the stack is still announced after it.
  if ((await answeringUrl(dataDir)) !== found) {
    await lease.release();
    return null;
  }
  return { api: createApiClient(found, signal, laurelsApiKey), kind: 'running', close: lease.release };
}

/** The URL of the running stack that the data directory's descriptor names, if it is that one which answers there. */
export async function answeringUrl(dataDir: string): Promise<string | null> {
  const descriptor = await readStackDescriptor(dataDir);
  if (descriptor === null) return null;
  try {
    const answer = await createApiClient(descriptor.url, AbortSignal.timeout(3_000)).call('getHealth');
    return answer.body.instance === descriptor.instance ? descriptor.url : null;
  } catch {
    return null;
  }
}
