import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A Laurels process that is started again whenever it ended, until it is told to stop. */
export interface KeptProcess {
  readonly role: string;
  /** Process id at this moment. */
  pid(): number;
  /** `kill -9`; it comes back by itself. */
  kill(): void;
  /** Stops it and lets it go on after a while. */
  pause(ms: number): void;
  stop(): Promise<void>;
}

const AGAIN_MS = 1_000;

/** Keeps a script running; what it writes goes to a file. */
export function keepProcess(o: {
  readonly role: string;
  readonly script: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly logDir: string;
}): KeptProcess {
  let isWanted = true;
  let child: ChildProcess;
  let ended: Promise<void>;
  const log = createWriteStream(join(o.logDir, `${o.role.replaceAll(' ', '-')}.log`), { flags: 'a' });
  const start = (): void => {
    child = spawn(process.execPath, [o.script], {
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...o.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout?.pipe(log, { end: false });
    child.stderr?.pipe(log, { end: false });
    ended = new Promise((resolve) => {
      child.once('close', () => {
        resolve();
        if (isWanted) setTimeout(() => isWanted && start(), AGAIN_MS);
      });
    });
  };
  start();
  return {
    role: o.role,
    pid: () => child.pid ?? 0,
    kill: () => void child.kill('SIGKILL'),
    pause(ms) {
      const paused = child;
      paused.kill('SIGSTOP');
      setTimeout(() => paused.kill('SIGCONT'), ms);
    },
    async stop() {
      isWanted = false;
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      const hard = setTimeout(() => child.kill('SIGKILL'), 30_000);
      await ended;
      clearTimeout(hard);
      log.end();
    },
  };
}

/** What one process held at one moment. */
interface Sample {
  readonly role: string;
  readonly pid: number;
  readonly minute: number;
  readonly rssMb: number;
  readonly fds: number;
}

/** What a process of a role came to over its longest life. */
export interface MemoryRow {
  readonly role: string;
  readonly lives: number;
  /** Of the longest life. */
  readonly minutes: number;
  readonly firstMb: number;
  readonly lastMb: number;
  readonly mbPerMinute: number;
  readonly firstFds: number;
  readonly lastFds: number;
}

const PAGE = 4_096;
/** A process that has just started grows into its work: the slope is taken from here on. */
const WARM_MINUTES = 3;

/** Writes down memory and open files of processes. */
export class Samples {
  readonly #samples: Sample[] = [];
  readonly #begun = performance.now();

  async take(processes: readonly { readonly role: string; pid(): number }[]): Promise<void> {
    for (const { role, pid: pidOf } of processes) {
      const pid = pidOf();
      try {
        const [statm, fds] = await Promise.all([readFile(`/proc/${pid}/statm`, 'utf8'), readdir(`/proc/${pid}/fd`)]);
        const rssMb = (Number(statm.split(' ')[1]) * PAGE) / 1_048_576;
        this.#samples.push({ role, pid, minute: (performance.now() - this.#begun) / 60_000, rssMb, fds: fds.length });
      } catch {
        // It has just been killed.
      }
    }
  }

  rows(): readonly MemoryRow[] {
    const roles = [...new Set(this.#samples.map(({ role }) => role))];
    return roles.map((role) => {
      const mine = this.#samples.filter((sample) => sample.role === role);
      const lives = Map.groupBy(mine, ({ pid }) => pid);
      const longest = [...lives.values()].reduce((one, other) => (other.length > one.length ? other : one));
      const [first, last] = [longest[0] as Sample, longest.at(-1) as Sample];
      const warm = longest.filter(({ minute }) => minute >= first.minute + WARM_MINUTES);
      return {
        role,
        lives: lives.size,
        minutes: last.minute - first.minute,
        firstMb: warm[0]?.rssMb ?? first.rssMb,
        lastMb: last.rssMb,
        mbPerMinute: slopeOf(warm.length > 2 ? warm : longest),
        firstFds: warm[0]?.fds ?? first.fds,
        lastFds: last.fds,
      };
    });
  }
}

/** Least squares, MB per minute. */
function slopeOf(samples: readonly Sample[]): number {
  const mean = (of: (sample: Sample) => number): number => samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length;
  const [minute, rss] = [mean((s) => s.minute), mean((s) => s.rssMb)];
  const spread = samples.reduce((sum, s) => sum + (s.minute - minute) ** 2, 0);
  return spread === 0 ? 0 : samples.reduce((sum, s) => sum + (s.minute - minute) * (s.rssMb - rss), 0) / spread;
}
