import type { Config } from '../config.ts';
import type { ExitCode } from './exit-code.ts';
import type { Terminal } from './terminal.ts';

/** What every command works with; `cli.ts` builds it. */
export interface CommandContext {
  readonly terminal: Terminal;
  /** The environment, read when a command needs it, so that `--help` works with a broken one. @throws InvalidConfiguration */
  readonly config: () => Config;
  /** Aborted by the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** Sets the exit code of a command that ends without an error; the highest one set counts. */
  readonly exitWith: (code: ExitCode) => void;
}
