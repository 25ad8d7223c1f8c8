import { runLaurels } from '../../src/cli/program.ts';
import { recordTerminal } from './recorded-terminal.ts';

/** How a command ended and what it wrote. */
export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const textOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

/** Runs a command against the Laurels at `url`, in this process: what `laurels` does but for starting one. */
export async function laurelsAt(url: string, ...args: readonly string[]): Promise<Ended> {
  const terminal = recordTerminal();
  const code = await runLaurels(args, { terminal, environment: () => ({ LAURELS_URL: url }), signal: new AbortController().signal });
  return { code, out: textOf(terminal.printed), err: textOf(terminal.said) };
}
