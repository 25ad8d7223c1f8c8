/** Starts `serve.ts` as a child process. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { GeneratedSize } from './datasets/generated.ts';
import type { CountWindow } from './count-of.ts';

export interface FakeGithubProcess {
  readonly pid: number;
  readonly url: string;
  readonly restUrl: string;
  readonly graphqlUrl: string;
  /** `owner/name` of the generated repository. */
  readonly fullName: string;
  readonly window: CountWindow;
  /** What a right count comes to. */
  readonly contributions: number;
  readonly people: readonly { readonly githubId: number; readonly score: number }[];
  stop(): Promise<void>;
}

/** A fake GitHub over generated data, with kept answers, compressed as GitHub's are, and no limits, in a process of its own. @throws Error when it ends before it is ready. */
export async function startFakeGithubProcess(size: GeneratedSize): Promise<FakeGithubProcess> {
  // In production graphql-js leaves out its checks for mixed-up modules, a tenth of its time.
  const child = spawn(
    process.execPath,
    ['--max-semi-space-size=64', fileURLToPath(new URL('./serve.ts', import.meta.url)), JSON.stringify(size)],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, NODE_ENV: 'production' },
    },
  );
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const line = await Promise.race([once(lines, 'line'), exited.then(([code]) => new Error(`The fake GitHub ended with ${String(code)}`))]);
  if (line instanceof Error) throw line;
  const ready = JSON.parse(line[0] as string) as Omit<FakeGithubProcess, 'pid' | 'stop'>;
  const stop = async (): Promise<void> => {
    child.stdin.end();
    await exited;
  };
  return { ...ready, pid: child.pid ?? 0, stop };
}
