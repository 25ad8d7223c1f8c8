import type { Writable } from 'node:stream';

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

/**
 * A text as one harmless line: what came from outside (logins, reasons, log messages) may hold control characters that would move
 * the cursor or rename the window; they are shown as `\xNN`.
 */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what is shown
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (character) => {
    const code = character.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code}` : `\\x${code.padStart(2, '0')}`;
  });
}
