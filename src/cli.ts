#!/usr/bin/env node
import './cli/current-node.ts';
import { readEnvironment } from './cli/environment.ts';
import { EXIT, Interrupted } from './cli/exit-code.ts';
import { runLaurels } from './cli/program.ts';
import { createTerminal } from './cli/terminal.ts';

/*
 * `laurels <command>`. Exit codes: 0 done, 1 failed, 2 the command line or the environment is wrong, 3 not found, 4 conflict.
 */

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (stop.signal.aborted) process.exit(EXIT.interrupted);
    stop.abort(new Interrupted(signal));
  });
}
// A reader that has seen enough (`| head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed));
const code = await runLaurels(process.argv.slice(2), {
  terminal: createTerminal(process.stdout, process.stderr),
  environment: readEnvironment,
  signal: stop.signal,
});
// What was printed is written first; then nothing that lingers (a kept-alive connection) keeps the process.
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
