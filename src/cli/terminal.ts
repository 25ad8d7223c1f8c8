import type { Writable } from 'node:stream';

export { printable } from '../domain/printable.ts';

/** Where a command's words go: results to stdout, everything else to stderr, so that `laurels … --json | jq` always works. */
export interface Terminal {
  /** A result, with its newline. */
  print(text: string): void;
  /** Progress, notes and errors: one line. */
  say(line: string): void;
  /** Whether a person looks at stderr: bars instead of lines. */
  readonly isInteractive: boolean;
  readonly stderr: Writable;
  readonly stdout: Writable;
  /** Columns of the terminal that results go to. */
  readonly columns: number;
}

/** The terminal of this process. */
export function createTerminal(stdout: NodeJS.WriteStream, stderr: NodeJS.WriteStream): Terminal {
  return {
    print: (text) => void stdout.write(`${text}\n`),
    say: (line) => void stderr.write(`${line}\n`),
    isInteractive: stderr.isTTY,
    stdout,
    stderr,
    columns: stdout.isTTY ? stdout.columns : 200,
  };
}
