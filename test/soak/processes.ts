import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A Laurels process that is started again whenever it ended, until it is told to stop. */
export interface KeptProcess {
  readonly role: string;
  /** Where its memory probe writes. */
  readonly probe: string;
  /** Process id at this moment. */
  pid(): number;
  /** `kill -9`; it comes back by itself. */
  kill(): void;
  /** Stops it and lets it go on after a while. */
  pause(ms: number): void;
  stop(): Promise<void>;
}

const AGAIN_MS = 1_000;
const MEMORY_PROBE = join(import.meta.dirname, 'memory-probe.ts');

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
  const name = o.role.replaceAll(' ', '-');
  const log = createWriteStream(join(o.logDir, `${name}.log`), { flags: 'a' });
  const probe = join(o.logDir, `${name}.memory.json`);
  const start = (): void => {
    child = spawn(process.execPath, ['--expose-gc', '--import', MEMORY_PROBE, o.script], {
      // Arenas as in the image (Dockerfile).
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], MALLOC_ARENA_MAX: '2', MEMORY_PROBE: probe, ...o.environment },
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
    probe,
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
  /** What V8 held after its last collection, with what it keeps outside its heap. Null: no process of ours, or it has just started. */
  readonly heapMb: number | null;
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
  readonly lastHeapMb: number | null;
  readonly heapMbPerMinute: number | null;
  /** Memory of each sample of that life, [minute, MB, MB of heap]. */
  readonly curve: readonly (readonly [number, number, number | null])[];
  readonly firstFds: number;
  readonly lastFds: number;
}

const PAGE = 4_096;
/** A process that has just started grows into its work, and its caches fill: the slope is taken from here on. */
const WARM_MINUTES = 10;

/** Writes down memory and open files of processes. */
export class Samples {
  readonly #samples: Sample[] = [];
  readonly #begun = performance.now();

  async take(processes: readonly { readonly role: string; readonly probe?: string; pid(): number }[]): Promise<void> {
    for (const { role, probe, pid: pidOf } of processes) {
      const pid = pidOf();
      try {
        const [statm, fds] = await Promise.all([readFile(`/proc/${pid}/statm`, 'utf8'), readdir(`/proc/${pid}/fd`)]);
        const rssMb = (Number(statm.split(' ')[1]) * PAGE) / 1_048_576;
        const heapMb = probe === undefined ? null : await heapOf(probe, pid);
        this.#samples.push({ role, pid, minute: (performance.now() - this.#begun) / 60_000, rssMb, heapMb, fds: fds.length });
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
      const heaps = warm.flatMap(({ minute, heapMb }) => (heapMb === null ? [] : [[minute, heapMb] as const]));
      return {
        role,
        lives: lives.size,
        minutes: last.minute - first.minute,
        firstMb: warm[0]?.rssMb ?? first.rssMb,
        lastMb: last.rssMb,
        mbPerMinute: slopeOf((warm.length > 2 ? warm : longest).map(({ minute, rssMb }) => [minute, rssMb])),
        lastHeapMb: last.heapMb,
        heapMbPerMinute: heaps.length > 2 ? slopeOf(heaps) : null,
        curve: longest.map(({ minute, rssMb, heapMb }) => [round(minute), round(rssMb), heapMb === null ? null : round(heapMb)]),
        firstFds: warm[0]?.fds ?? first.fds,
        lastFds: last.fds,
      };
    });
  }
}

async function heapOf(probe: string, pid: number): Promise<number | null> {
  const seen = JSON.parse(await readFile(probe, 'utf8').catch(() => 'null')) as { pid: number; heapUsed: number; external: number } | null;
  // What is there of a life before this one says nothing.
  return seen === null || seen.pid !== pid ? null : (seen.heapUsed + seen.external) / 1_048_576;
}

const round = (value: number): number => Math.round(value * 10) / 10;

/** Least squares, MB per minute. */
function slopeOf(points: readonly (readonly [minute: number, mb: number])[]): number {
  const mean = (of: 0 | 1): number => points.reduce((sum, point) => sum + point[of], 0) / points.length;
  const [minute, mb] = [mean(0), mean(1)];
  const spread = points.reduce((sum, [at]) => sum + (at - minute) ** 2, 0);
  return spread === 0 ? 0 : points.reduce((sum, [at, held]) => sum + (at - minute) * (held - mb), 0) / spread;
}
