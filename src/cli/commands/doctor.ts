import type { Command } from 'commander';
import { findingOf, type Finding } from '../checks/finding.ts';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { printable } from '../terminal.ts';

const SIGNS: Readonly<Record<Finding['state'], string>> = { ok: '✓', weak: '!', broken: '✗', unused: '–' };

/** `laurels doctor` */
export function addDoctorCommand(program: Command, context: CommandContext): void {
  program
    .command('doctor')
    .summary('check what Laurels needs on this machine')
    .description(
      'Does every step that Laurels depends on for real, and says what to do where one fails. Exit code 1 when something needed is broken.',
    )
    .option('--json', 'print one JSON object: {ok, checks: [{name, state, found, fix}]}')
    .action(async ({ json }: { readonly json?: boolean }) => {
      const { terminal, signal, exitWith } = context;
      const config = context.config();
      const say = (line: string): void => terminal.say(line);
      // Loaded here: they bring in nearly everything.
      const [{ machineChecks }, { serviceChecks }, { sourceChecks }] = await Promise.all([
        import('../checks/machine.ts'),
        import('../checks/services.ts'),
        import('../checks/sources.ts'),
      ]);
      const found: (Finding & { readonly name: string })[] = [];
      for (const check of [...machineChecks(config, say), ...serviceChecks(config, say), ...sourceChecks(config)]) {
        signal.throwIfAborted();
        const finding = await findingOf(check);
        found.push({ name: check.name, ...finding });
        if (json === true) continue;
        terminal.print(`${SIGNS[finding.state]} ${check.name.padEnd(17)} ${printable(finding.found)}`);
        if (finding.fix !== null) terminal.print(`  ${' '.repeat(17)} → ${finding.fix}`);
      }
      const isSound = found.every(({ state }) => state !== 'broken');
      if (json === true) terminal.print(JSON.stringify({ ok: isSound, checks: found }));
      if (!isSound) exitWith(EXIT.failed);
    });
}
