#!/usr/bin/env node
import './cli/current-node.ts';
import { Command, CommanderError } from 'commander';
import { addAuditCommand } from './cli/commands/audit.ts';
import { addBigQueryCommand } from './cli/commands/bigquery.ts';
import { addBoardCommand } from './cli/commands/board.ts';
import { addCancelCommand } from './cli/commands/cancel.ts';
import { addCompareCommand } from './cli/commands/compare.ts';
import { addContributorCommand, addContributorsCommand } from './cli/commands/contributor.ts';
import { addDoctorCommand } from './cli/commands/doctor.ts';
import { addEnrichCommand } from './cli/commands/enrich.ts';
import { addImportCommand } from './cli/commands/import.ts';
import { addJobsCommand } from './cli/commands/jobs.ts';
import { addKeyCommand } from './cli/commands/key.ts';
import { addLogsCommand } from './cli/commands/logs.ts';
import { addMigrateCommand } from './cli/commands/migrate.ts';
import { addPeopleCommands } from './cli/commands/people.ts';
import { addOverviewCommands } from './cli/commands/overview.ts';
import { addRecalculateCommand } from './cli/commands/recalculate.ts';
import { addRefreshCommand } from './cli/commands/refresh.ts';
import { addRepositoryCommands } from './cli/commands/repositories.ts';
import { addSampleCommand } from './cli/commands/sample.ts';
import { addScoreCommand } from './cli/commands/score.ts';
import { addScoringCommand } from './cli/commands/scoring.ts';
import { addScrapeCommand } from './cli/commands/scrape.ts';
import { addSearchCommand } from './cli/commands/search.ts';
import { addUpCommand } from './cli/commands/up.ts';
import { addVerifyCommand } from './cli/commands/verify.ts';
import type { CommandContext } from './cli/context.ts';
import { readEnvironment } from './cli/environment.ts';
import { EXIT, exitCodeOf, Interrupted, type ExitCode } from './cli/exit-code.ts';
import { createTerminal, type Terminal } from './cli/terminal.ts';
import { loadConfig } from './config.ts';
import { AppError } from './domain/errors.ts';
import packageFile from '../package.json' with { type: 'json' };

/*
 * `laurels <command>`. Exit codes: 0 done, 1 failed, 2 the command line or the environment is wrong, 3 not found, 4 conflict.
 */

function createProgram(context: CommandContext, terminal: Terminal): Command {
  const program = new Command('laurels')
    .description(packageFile.description)
    .version(packageFile.version)
    .exitOverride()
    .showHelpAfterError('(laurels --help, laurels <command> --help)')
    .configureOutput({ writeOut: (text) => terminal.print(text.trimEnd()), writeErr: (text) => terminal.say(text.trimEnd()) })
    .addHelpText('after', '\nExit codes: 0 done, 1 failed, 2 wrong usage or environment, 3 not found, 4 conflict. Settings: .env.example');
  addUpCommand(program, context);
  addScrapeCommand(program, context);
  addRefreshCommand(program, context);
  addBoardCommand(program, context);
  addCompareCommand(program, context);
  addContributorCommand(program, context);
  addContributorsCommand(program, context);
  addSearchCommand(program, context);
  addRepositoryCommands(program, context);
  addOverviewCommands(program, context);
  addScoreCommand(program, context);
  addScoringCommand(program, context);
  addJobsCommand(program, context);
  addLogsCommand(program, context);
  addCancelCommand(program, context);
  addRecalculateCommand(program, context);
  addEnrichCommand(program, context);
  addPeopleCommands(program, context);
  addBigQueryCommand(program, context);
  addImportCommand(program, context);
  addMigrateCommand(program, context);
  addSampleCommand(program, context);
  addKeyCommand(program, context);
  addAuditCommand(program, context);
  addDoctorCommand(program, context);
  addVerifyCommand(program, context);
  return program;
}

/** What a person reads of an error: its message and, where nobody foresaw it, what caused it. */
function complaintOf(error: unknown): string {
  if (error instanceof AppError) return error.message;
  if (!(error instanceof Error)) return String(error);
  const causes: string[] = [];
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) causes.push(cause.stack ?? cause.message);
  return `Something went wrong that nobody foresaw. Please report it:\n${causes.join('\ncaused by: ')}`;
}

async function main(): Promise<ExitCode> {
  const terminal = createTerminal(process.stdout, process.stderr);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(EXIT.interrupted);
      stop.abort(new Interrupted(signal));
    });
  }
  let code: ExitCode = EXIT.ok;
  const context: CommandContext = {
    terminal,
    config: () => loadConfig(readEnvironment()),
    signal: stop.signal,
    exitWith: (wanted) => {
      code = Math.max(code, wanted) as ExitCode;
    },
  };
  try {
    await createProgram(context, terminal).parseAsync(process.argv);
    return code;
  } catch (error) {
    // commander has said what is wrong itself; help and version are no errors.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (!(error instanceof Interrupted && error.message.startsWith('SIG'))) terminal.say(complaintOf(error));
    return exitCodeOf(stop.signal.aborted ? stop.signal.reason : error);
  }
}

// A reader that has seen enough (`| head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed));
const code = await main();
// What was printed is written first; then nothing that lingers (a kept-alive connection) keeps the process.
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
