import type { GithubWorld } from './github-world.ts';
import type { KeptProcess } from './processes.ts';
import type { Random } from './random.ts';

/** The supervisor of a server gives up after a few ends in a minute; a person's machine does not crash that often either. */
const APART_MS = 75_000;

/** Hurts the processes of a soak, one at a time, at random. */
export class Nemesis {
  /** What was done, and how often. */
  readonly done = new Map<string, number>();
  /** When a service that the API needs, or the API itself, was hurt last. */
  hurtAt = performance.now();
  readonly #o;
  readonly #last = new Map<string, number>();

  constructor(o: {
    readonly random: Random;
    readonly processes: Readonly<Record<string, KeptProcess>>;
    /** Servers that somebody else keeps running, by name. */
    readonly servers: Readonly<Record<string, { pid(): number }>>;
    readonly world: GithubWorld;
    readonly begun: number;
    readonly lastsMs: number;
    readonly say: (line: string) => void;
  }) {
    this.#o = o;
  }

  note(what: string): void {
    this.done.set(what, (this.done.get(what) ?? 0) + 1);
  }

  /**
   * One fault. The API, Temporal and worker b are left alive in the second half, so that their memory can be looked at; worker a and
   * PostgreSQL never are.
   */
  strike(): void {
    const { random, processes, world } = this.#o;
    const isFirstHalf = performance.now() - this.#o.begun < this.#o.lastsMs / 2;
    const kill = (role: string): (() => string | null) => {
      return () => {
        processes[role]?.kill();
        return `kill -9 ${role}`;
      };
    };
    const pause = (role: string): (() => string | null) => {
      return () => {
        // Longer than a heartbeat may be missing, one time in two: another worker takes the work, and the first one wakes.
        const seconds = random.pick([5, 80]);
        processes[role]?.pause(seconds * 1_000);
        return `pause ${role} for ${seconds} s`;
      };
    };
    const github = (): string => `GitHub: ${world.fail()}`;
    const strikes: (() => string | null)[] = [
      kill('worker a'),
      kill('worker a'),
      pause('worker a'),
      pause('worker b'),
      github,
      github,
      github,
      () => this.#signal('PostgreSQL', random.pick(['SIGKILL', 'SIGQUIT', 'SIGINT'] as const)),
      ...(isFirstHalf ? [kill('server'), kill('worker b'), () => this.#signal('Temporal', 'SIGKILL')] : []),
    ];
    const what = random.pick(strikes)();
    if (what === null) return;
    if (!what.startsWith('GitHub') && !what.includes('worker')) this.hurtAt = performance.now();
    this.note(what);
    this.#o.say(what);
  }

  /** Nothing is hurt any more. */
  rest(): void {
    this.hurtAt = performance.now();
  }

  #signal(name: string, signal: NodeJS.Signals): string | null {
    const pid = this.#o.servers[name]?.pid();
    const last = this.#last.get(name);
    if (pid === undefined || (last !== undefined && performance.now() - last < APART_MS)) return null;
    this.#last.set(name, performance.now());
    process.kill(pid, signal);
    return `${signal} ${name}`;
  }
}
