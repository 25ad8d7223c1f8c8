import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';

/** Runs a program in a fresh process and gives the JSON that it prints. @throws Error when it does not end well. */
export async function inFreshProcess<T>(program: string, args: readonly string[], flags: readonly string[] = []): Promise<T> {
  const child = spawn(process.execPath, [...flags, program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const endIt = (): void => void child.kill();
  process.once('exit', endIt);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  process.removeListener('exit', endIt);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}`);
  return JSON.parse(output) as T;
}

/** The peak of this process's resident memory, bytes. Linux adds the parent's to `maxRSS`, so there its own book is read. */
export async function peakMemory(): Promise<number> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return (kibibytes === undefined ? process.resourceUsage().maxRSS : Number(kibibytes)) * 1024;
}

/** Flags of a process whose memory is measured: a small heap shows what is really held. */
export const MEMORY_FLAGS: readonly string[] = ['--max-semi-space-size=4', '--max-old-space-size=128'];
