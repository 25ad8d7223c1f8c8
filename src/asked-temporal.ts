import type { Config } from './config.ts';
import type { VerifyOptions } from './db/verify.ts';
import { connectEngine } from './temporal/engine.ts';
import { temporalServerOf } from './temporal/server-address.ts';

/** What a verification can learn of Temporal. */
export type TemporalWord = Pick<VerifyOptions, 'isRunning' | 'workflowState'>;

/** Lets a verification ask a Temporal how the workflows of jobs stand. `address`: that of a running stack's own, where none is set. */
export async function askingTemporal<T>(
  { temporal }: Pick<Config, 'temporal'>,
  address: string | null,
  work: (temporal: TemporalWord) => Promise<T>,
): Promise<T> {
  const at = temporal.address ?? address;
  if (at === null) return await work({});
  // Namespace, key and certificates belong to a server of one's own; the embedded one has none.
  const settings = temporal.address === null ? { namespace: 'default', apiKey: null, tls: null } : temporal;
  const engine = connectEngine({ ...(await temporalServerOf(at, settings)), uiUrl: null });
  try {
    return await work({ isRunning: await engine.isReachable(), workflowState: (job) => engine.liveStatus(job) });
  } finally {
    await engine.close();
  }
}
