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
      const child = spawn(process.execPath, [...process.execArgv, MAIN], { stdio: 'inherit' });
      // Ctrl-C reaches the child from the terminal itself; what was sent to this process alone is passed on.
      const passOn = (): boolean => child.kill('SIGTERM');
      context.signal.addEventListener('abort', () => {
        if (context.signal.reason instanceof Error && context.signal.reason.message === 'SIGTERM') passOn();
      });
      const [code] = (await once(child, 'exit')) as [number | null];
      context.exitWith((code ?? 1) as ExitCode);
    });
}
