import { Command, CommanderError } from 'commander';
import { addAuditCommand } from './commands/audit.ts';
import { addBackupCommands } from './commands/backup.ts';
import { addBigQueryCommand } from './commands/bigquery.ts';
import { addBoardCommand } from './commands/board.ts';
import { addCancelCommand } from './commands/cancel.ts';
import { addCompareCommand } from './commands/compare.ts';
import { addContributorCommand, addContributorsCommand } from './commands/contributor.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addEnrichCommand } from './commands/enrich.ts';
import { addImportCommand } from './commands/import.ts';
import { addJobsCommand } from './commands/jobs.ts';
import { addKeyCommand } from './commands/key.ts';
import { addLogsCommand } from './commands/logs.ts';
import { addMigrateCommand } from './commands/migrate.ts';
import { addOverviewCommands } from './commands/overview.ts';
import { addPeopleCommands } from './commands/people.ts';
import { addPictureCommands } from './commands/picture.ts';
import { addRecalculateCommand } from './commands/recalculate.ts';
import { addRefreshCommand } from './commands/refresh.ts';
import { addRepositoryCommands } from './commands/repositories.ts';
import { addSampleCommand } from './commands/sample.ts';
import { addScoreCommand } from './commands/score.ts';
import { addScoringCommand } from './commands/scoring.ts';
import { addScrapeCommand } from './commands/scrape.ts';
import { addSearchCommand } from './commands/search.ts';
import { addStatusCommands } from './commands/status.ts';
import { addUpCommand } from './commands/up.ts';
import { addVerifyCommand } from './commands/verify.ts';
import type { CommandContext } from './context.ts';
import { EXIT, exitCodeOf, Interrupted, type ExitCode } from './exit-code.ts';
import type { Terminal } from './terminal.ts';
import { loadConfig } from '../config.ts';
import { AppError } from '../domain/errors.ts';
import packageFile from '../../package.json' with { type: 'json' };

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
  addPictureCommands(program, context);
  addBigQueryCommand(program, context);
  addImportCommand(program, context);
  addMigrateCommand(program, context);
  addSampleCommand(program, context);
  addKeyCommand(program, context);
  addAuditCommand(program, context);
  addStatusCommands(program, context);
  addDoctorCommand(program, context);
  addVerifyCommand(program, context);
  addBackupCommands(program, context);
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

/** What a command line is run with. */
interface Run {
  readonly terminal: Terminal;
  /** Read when a command needs it, so that `--help` works with a broken one. */
  readonly environment: () => Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** Runs `laurels` with these arguments; what goes wrong is said on the terminal, and is the exit code. */
export async function runLaurels(args: readonly string[], { terminal, environment, signal }: Run): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  const context: CommandContext = {
    terminal,
    config: () => loadConfig(environment()),
    signal,
    exitWith: (wanted) => {
      code = Math.max(code, wanted) as ExitCode;
    },
  };
  try {
    await createProgram(context, terminal).parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    // commander has said what is wrong itself; help and version are no errors.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (!(error instanceof Interrupted && error.message.startsWith('SIG'))) terminal.say(complaintOf(error));
    return exitCodeOf(signal.aborted ? signal.reason : error);
  }
}
