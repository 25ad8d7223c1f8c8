import { PassThrough } from 'node:stream';
import type { Terminal } from '../../src/cli/terminal.ts';

/** A terminal that keeps what is written to it. */
export interface RecordedTerminal extends Terminal {
  readonly printed: string[];
  readonly said: string[];
}

export function recordTerminal(): RecordedTerminal {
  const printed: string[] = [];
  const said: string[] = [];
  return {
    printed,
    said,
    print: (text) => void printed.push(text),
    say: (line) => void said.push(line),
    isInteractive: false,
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    columns: 100,
  };
}
