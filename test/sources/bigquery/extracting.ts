/** Runs a query for repositories the way the collector does, and reads each out of its result. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Batch, ContributionSource, Extract, ScrapeTarget, SliceCursor } from '../../../src/sources/contribution-source.ts';
import { BigQueryExtractor } from '../../../src/sources/bigquery/extractor.ts';
import type { ExtractTarget } from '../../../src/sources/bigquery/query.ts';
import { createBigQuerySource, SLICE } from '../../../src/sources/bigquery/source.ts';
import { dayOf } from '../../../src/domain/window.ts';
import type { FakeBigQuery } from '../../fakes/bigquery/server.ts';

const TODAY = dayOf(new Date());
export const EVER = { since: '2008-01-01', until: TODAY };
const CAP = 1e15;

export interface Access {
  readonly extractor: BigQueryExtractor;
  readonly source: ContributionSource;
}

export function accessTo({ url, project }: Pick<FakeBigQuery, 'url' | 'project'>, retries = 0): Access {
  const extractor = new BigQueryExtractor({ project, apiEndpoint: url, retries });
  return { extractor, source: createBigQuerySource({ extractor, pricePerTib: 6.25, maximumBytesBilled: CAP }) };
}

/** One query for all targets; an extract for each. */
export async function extractsOf({ extractor }: Access, targets: readonly ExtractTarget[], today = TODAY): Promise<readonly Extract[]> {
  const { tables } = await extractor.plan(targets, today);
  const query = `test_${randomUUID()}`;
  await extractor.start(query, { targets, tables, maximumBytesBilled: CAP, labels: { app: 'laurels' } });
  for (;;) {
    const state = await extractor.state(query);
    if (state?.failure) throw new Error(`${state.failure.reason}: ${state.failure.message}`);
    if (state?.isDone === true) break;
    await delay(20);
  }
  const ranges = await extractor.ranges(query);
  return targets.map(({ since, until, githubId }, slot) => {
    const range = ranges.find((of) => of.slot === slot);
    return {
      query,
      firstRow: range?.firstRow ?? 0,
      rows: range?.rows ?? 0,
      since,
      until,
      tables,
      askedOn: today,
      githubId: githubId ?? range?.githubId ?? null,
    };
  });
}

export function targetOf(name: string, extract: Extract, more: Partial<ScrapeTarget> = {}): ScrapeTarget {
  const [owner = '', repository = ''] = name.split('/');
  return { owner, name: repository, githubId: extract.githubId, window: EVER, type: 'FULL', extract, ...more };
}

export async function batchesOf({ source }: Access, target: ScrapeTarget, cursor: SliceCursor | null = null): Promise<readonly Batch[]> {
  const batches: Batch[] = [];
  for await (const batch of source.read(target, SLICE, cursor, new AbortController().signal)) batches.push(batch);
  return batches;
}
