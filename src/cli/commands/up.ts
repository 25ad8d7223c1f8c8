import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import type { ExitCode } from '../exit-code.ts';

const MAIN = fileURLToPath(new URL('../../main.ts', import.meta.url));

/** `laurels up` */
export function addUpCommand(program: Command, context: CommandContext): void {
  program
    .command('up')
    .summary('start the whole stack on this machine (npm start)')
    .description('Starts PostgreSQL, Temporal, worker and API on this machine, in one process tree, until Ctrl-C.')
    .action(async () => {
      // In a process group of its own, so that each signal comes from here alone: a Ctrl-C that both heard and one of them passed on
      // would be two, and the second one means that nobody wants to wait.
      const child = spawn(process.execPath, [...process.execArgv, MAIN], { stdio: 'inherit', detached: true });
      const passOn = (): boolean => child.kill('SIGTERM');
      context.signal.addEventListener('abort', passOn);
      process.once('SIGHUP', passOn);
      // The second signal ends this process at once, and the child hears of it, too.
      process.once('exit', passOn);
      const [code] = (await once(child, 'exit')) as [number | null];
      context.exitWith((code ?? 1) as ExitCode);
    });
}
