import {
  condition,
  continueAsNew,
  defineSignal,
  getExternalWorkflowHandle,
  proxyActivities,
  setHandler,
  sleep,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import type { BigQueryActivities } from '../activities/bigquery-activities.ts';
import { BOOKKEEPING, patientOptions, stepOptions } from './activity-options.ts';
import { EXTRACT_REQUESTED, EXTRACT_SETTLED, type CollectInput } from './contract.ts';
import { reasonOf } from './failure-message.ts';

const extractRequested = defineSignal(EXTRACT_REQUESTED);
const extractSettled = defineSignal(EXTRACT_SETTLED);
const books = proxyActivities<BigQueryActivities>(BOOKKEEPING);

/**
 * Serves scrapes that want rows of BigQuery: those that ask within `waitMs` share one query. It lives under one id and is reached by
 * signal-with-start. A query that runs keeps nobody waiting: who asks meanwhile gets the next one.
 */
export async function collectBigQuery({ pace, waitMs }: CollectInput): Promise<void> {
  let unserved = 0;
  setHandler(extractRequested, () => {
    unserved += 1;
  });
  const { openBatch } = proxyActivities<BigQueryActivities>(stepOptions('15 minutes', pace));
  // Its query is paid for: what keeps from asking for the result is waited out, as long as BigQuery keeps results.
  const { runQuery } = proxyActivities<BigQueryActivities>(patientOptions(pace));

  const serve = async (batch: string): Promise<void> => {
    let step = 'planning a query of BigQuery';
    try {
      let { query } = await openBatch({ batch });
      step = 'querying BigQuery';
      while (query !== null) {
        const progress = await runQuery({ batch, query });
        if (progress.isSettled) break;
        ({ query } = progress);
        if (progress.resumeAt !== null) await sleep(Math.max(0, Date.parse(progress.resumeAt) - Date.now()));
      }
    } catch (error) {
      await books.failBatch({ batch, ...reasonOf(error, step) });
    }
    // One that was cancelled or has ended needs to be told nothing.
    const told = (await books.waitersOf({ batch })).map((id) =>
      getExternalWorkflowHandle(id)
        .signal(extractSettled)
        .catch(() => undefined),
    );
    await Promise.all(told);
  };

  let running = 0;
  const begin = (batch: string): void => {
    running += 1;
    void serve(batch).finally(() => {
      running -= 1;
    });
  };
  for (const batch of await books.leftBatches()) begin(batch);
  for (;;) {
    await condition(() => unserved > 0 || running === 0);
    if (unserved === 0) return;
    await sleep(waitMs);
    unserved = 0; // all that were seen so far are served by the batch that begins now
    begin(uuid4());
    if (!workflowInfo().continueAsNewSuggested) continue;
    await condition(() => running === 0);
    if (unserved > 0) await continueAsNew<typeof collectBigQuery>({ ...(pace === undefined ? {} : { pace }), waitMs });
  }
}
