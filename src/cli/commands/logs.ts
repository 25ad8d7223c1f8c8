import { Option, type Command } from 'commander';
import { LOG_LEVELS, type LogLevel, type LogLineResource } from '../../api/contract/jobs.ts';
import { wholeOption } from '../arguments.ts';
import type { CommandContext } from '../context.ts';
import { followLogs } from '../log-stream.ts';
import { reachStack, type Stack } from '../stack.ts';
import { printable } from '../terminal.ts';

interface LogsOptions {
  readonly follow?: boolean;
  readonly job?: string;
  readonly level?: LogLevel;
  readonly after?: number;
  readonly json?: boolean;
}

/** `laurels logs` */
export function addLogsCommand(program: Command, context: CommandContext): void {
  program
    .command('logs')
    .summary('print the log of jobs')
    .description('Prints the log lines of a job, by default of the newest one. With -f: of all jobs as they come, until Ctrl-C.')
    .option('-f, --follow', 'go on with what comes')
    .option('--job <id>', 'only of this job')
    .addOption(new Option('--level <level>', 'only of this level and above').choices(Object.keys(LOG_LEVELS)))
    .option('--after <id>', 'only what comes after this line', wholeOption(0, Number.MAX_SAFE_INTEGER))
    .option('--json', 'print one JSON object a line')
    .action(async ({ follow, job, level, after: since, json }: LogsOptions) => {
      const { terminal, signal } = context;
      const print = (line: LogLineResource): void => terminal.print(json === true ? JSON.stringify(line) : sentenceOf(line));
      const stack = await reachStack(context);
      try {
        if (follow === true) {
          // What a job has said already comes first; of all jobs only what is new, or what came after a line.
          const from = since?.toString();
          const after = job === undefined ? from : ((await printPages(stack, { id: job, level, after: from }, print)) ?? from);
          await followLogs(stack.api, { job, level, after }, print, signal);
          return;
        }
        const id = job ?? (await newestJob(stack));
        if (id === null) return terminal.say('There are no jobs.');
        if (job === undefined) terminal.say(`Job ${id}:`);
        await printPages(stack, { id, level, after: since?.toString() }, print);
      } finally {
        await stack.close();
      }
    });
}

async function newestJob({ api }: Stack): Promise<string | null> {
  const { body } = await api.call('listJobs', { query: { limit: '1' } });
  return body.data[0]?.id ?? null;
}

/** Prints all lines there are, and gives the id of the last. */
async function printPages(
  { api }: Stack,
  { id, level, after }: { readonly id: string; readonly level: LogLevel | undefined; readonly after: string | undefined },
  print: (line: LogLineResource) => void,
): Promise<string | undefined> {
  let last = after;
  for (;;) {
    const query = { limit: '1000', ...(level === undefined ? {} : { level }), ...(last === undefined ? {} : { after: last }) } as never;
    const { body } = await api.call('getJobLogs', { params: { id }, query });
    for (const line of body.data) print(line);
    last = body.data.at(-1)?.id.toString() ?? last;
    if (body.next_cursor === null || body.data.length === 0) return last;
  }
}

function sentenceOf({ at, level, message, fields }: LogLineResource): string {
  const facts = Object.entries(fields).map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return printable([at.slice(0, 19).replace('T', ' '), level.toUpperCase().padEnd(5), message, ...facts].join(' '));
}
