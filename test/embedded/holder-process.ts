import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('stack-holder.ts', import.meta.url));

/** A process that owns the services of a data directory. */
export interface Holder {
  readonly process: ChildProcess;
  readonly pid: number;
  readonly databaseUrl: string;
  readonly temporalAddress: string;
}

/** Starts one and waits until its services are ready. */
export async function startHolder(
  dataDir: string,
  o: { readonly temporalAddress?: string; readonly account?: { readonly uid: number; readonly gid: number } } = {},
): Promise<Holder> {
  const child = spawn(process.execPath, [SCRIPT, dataDir, ...(o.temporalAddress === undefined ? [] : [o.temporalAddress])], {
    cwd: '/',
    stdio: ['ignore', 'pipe', 'inherit'],
    ...o.account,
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const told = JSON.parse(line) as { databaseUrl: string; temporalAddress: string; error?: string };
  if (told.error !== undefined) throw new Error(told.error);
  return { process: child, pid: child.pid ?? 0, databaseUrl: told.databaseUrl, temporalAddress: told.temporalAddress };
}
