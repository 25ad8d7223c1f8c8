import { AppError } from '../domain/errors.ts';
import type { Child, ChildExit } from './child-process.ts';

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
const RESTARTS = 5;
/** A full disk is for a person to heal: about ten minutes of tries. */
const RESTARTS_ON_FULL_DISK = 24;
/** A child that ran this long has its restarts back. */
const STABLE_MS = 60_000;

/** A child process that is kept running. */
export interface Supervised {
  /** The process of this moment; a restart replaces it. */
  child(): Child;
  /** Resolves when the child ended and can't be kept running: which one, why, its last lines. Never resolves after stop(). */
  readonly failed: Promise<AppError>;
  /** Ends the child and every further try. Idempotent. */
  stop(): Promise<void>;
}

/** How a child is started, ended and spoken about. */
export interface Supervision {
  readonly name: string;
  /** Starts the child and waits until it is ready; a child that failed to become ready is ended by it. */
  start(): Promise<Child>;
  end(child: Child): Promise<void>;
  readonly say: (line: string) => void;
  /** Times in ms and numbers of restarts; tests shorten them. */
  readonly firstWaitMs?: number;
  readonly restarts?: number;
}

function isDiskFull(lines: readonly string[]): boolean {
  return lines.some((line) => /no space left on device|database or disk is full|disk quota exceeded/i.test(line));
}

function ending(exit: ChildExit): string {
  return exit.signal === null ? `exit code ${exit.code ?? 'unknown'}` : `signal ${exit.signal}`;
}

/** The error for a child that ended and does not come back. */
function deathOf(name: string, how: string, lines: readonly string[], cause?: unknown): AppError {
  const reason = isDiskFull(lines)
    ? `${name} stopped: the disk is full. Free some space and start again; what was committed is kept.`
    : `${name} stopped (${how}) and does not start again.`;
  const tail = lines.slice(-8);
  const message = tail.length === 0 ? reason : `${reason} Its last lines:\n${tail.map((line) => `  ${line}`).join('\n')}`;
  return new AppError('embedded_service_failed', 500, message, { service: name, how, disk_full: isDiskFull(lines) }, { cause });
}

/**
 * Keeps a child running: one that ends is started again after 0.5, 1, 2 … seconds, a few times.
 * @throws whatever the first start throws.
 */
export async function supervise(o: Supervision): Promise<Supervised> {
  let child = await o.start();
  let stopping: Promise<void> | null = null;
  let wake: (() => void) | null = null;
  let watch: Promise<void> = Promise.resolve();

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const keepRunning = async (): Promise<AppError | null> => {
    let tries = 0;
    for (;;) {
      const startedAt = Date.now();
      const exit = await child.exited;
      if (stopping !== null) return null;
      if (Date.now() - startedAt > STABLE_MS) tries = 0;
      let how = ending(exit);
      let lines = child.lastLines();
      let cause: unknown;
      o.say(`${o.name} stopped (${isDiskFull(lines) ? 'the disk is full' : how}).`);
      for (;;) {
        if (tries >= (isDiskFull(lines) ? RESTARTS_ON_FULL_DISK : (o.restarts ?? RESTARTS))) return deathOf(o.name, how, lines, cause);
        const wait = Math.min((o.firstWaitMs ?? FIRST_WAIT_MS) * 2 ** tries, LONGEST_WAIT_MS);
        tries += 1;
        await pause(wait);
        if (stopping !== null) return null;
        try {
          child = await o.start();
          o.say(`${o.name} runs again.`);
          break;
        } catch (error) {
          cause = error;
          how = error instanceof Error ? error.message : String(error);
          lines = how.split('\n');
          o.say(`${o.name} did not start again${isDiskFull(lines) ? ': the disk is full' : ''}.`);
        }
      }
      if (stopping !== null) return null;
    }
  };

  const failed = new Promise<AppError>((resolve) => {
    watch = keepRunning().then((error) => {
      if (error !== null) resolve(error);
    });
  });
  return {
    child: () => child,
    failed,
    stop() {
      stopping ??= (async () => {
        await Promise.resolve();
        wake?.();
        await o.end(child);
        // A restart that was under way may have brought one more child.
        await watch;
        await o.end(child);
      })();
      return stopping;
    },
  };
}
