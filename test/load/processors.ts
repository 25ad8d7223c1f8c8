import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** Which processors are whose. */
export interface Halves {
  /** As taskset names them: `0`, `0-3`. */
  readonly readers: string;
  readonly workers: string;
}

/** Two halves of this machine's processors; null where there is only one, or no taskset to divide them by. */
export function halves(): Halves | null {
  const all = availableParallelism();
  const half = Math.floor(all / 2);
  if (half === 0) return null;
  try {
    execFileSync('taskset', ['--version'], { stdio: 'ignore' });
  } catch {
    return null;
  }
  const list = (from: number, to: number): string => (from === to ? String(from) : `${from}-${to}`);
  return { readers: list(0, half - 1), workers: list(half, all - 1) };
}

/** Keeps a process of ours, all its threads and its children to some processors; what they start later as well. */
export function keepTo(processors: string, pid: number): void {
  execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', processors, String(pid)], { stdio: 'ignore' });
  for (const child of childrenOf(pid)) keepTo(processors, child);
}

function childrenOf(pid: number): readonly number[] {
  try {
    return execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map(Number);
  } catch {
    // It has none.
    return [];
  }
}
