import { InvalidArgumentError, type Command } from 'commander';
import { bytesInWords } from '../../domain/bytes.ts';
import type { CommandContext } from '../context.ts';
import { reachStack } from '../stack.ts';
import { figure, tableOf } from '../table.ts';

function monthOption(text: string): string {
  if (!/^2\d{3}-(?:0[1-9]|1[0-2])$/.test(text)) throw new InvalidArgumentError('It must be a month like 2026-01.');
  return text;
}

/** `laurels bigquery` */
export function addBigQueryCommand(program: Command, context: CommandContext): void {
  program
    .command('bigquery')
    .summary('what BigQuery cost')
    .description('Shows what is left of the monthly budget, and every query of a month with what it was billed.')
    .option('--month <month>', 'calendar month in UTC (default: the running one)', monthOption)
    .option('--json', "print the API's answer")
    .action(async ({ month, json }: { readonly month?: string; readonly json?: boolean }) => {
      const { terminal } = context;
      const stack = await reachStack(context);
      try {
        const { body: usage } = await stack.api.call('getBigQueryUsage', { query: month === undefined ? {} : { month } });
        if (json === true) return terminal.print(JSON.stringify(usage));
        const { used_bytes: used, budget_bytes: budget, left_bytes: left } = usage;
        const ofBudget = budget === null || left === null ? 'no budget is set' : `${bytesInWords(left)} of ${bytesInWords(budget)} left`;
        terminal.print(`${usage.month}: ${bytesInWords(used)} used, about ${usage.price_usd.toFixed(2)} USD; ${ofBudget}.`);
        if (!usage.configured) terminal.print('BigQuery is not used here: set BIGQUERY_PROJECT and BIGQUERY_MONTHLY_BYTES.');
        if (usage.queries.length === 0) return terminal.print('No queries.');
        terminal.print(
          tableOf(
            [
              { heading: 'query' },
              { heading: 'state' },
              { heading: 'estimated', align: 'right' },
              { heading: 'billed', align: 'right' },
              { heading: 'USD', align: 'right' },
              { heading: 'repositories', align: 'right' },
              { heading: 'asked by' },
              { heading: 'created' },
            ],
            usage.queries.map((query) => [
              query.job_id,
              query.state,
              bytesInWords(query.bytes_estimated),
              query.bytes_billed === null ? '?' : bytesInWords(query.bytes_billed),
              query.price_usd.toFixed(2),
              figure(query.repositories.length),
              query.asked_by.join(', '),
              query.created_at,
            ]),
          ),
        );
      } finally {
        await stack.close();
      }
    });
}
