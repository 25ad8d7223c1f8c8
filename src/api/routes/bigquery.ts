import { monthUsage } from '../../db/bigquery-ledger.ts';
import { priceOf } from '../../domain/bytes.ts';
import type { ApiDeps } from '../deps.ts';
import type { Handlers } from '../routing.ts';

/** What BigQuery cost. */
export function bigQueryHandlers({ db, bigquery }: ApiDeps): Pick<Handlers, 'getBigQueryUsage'> {
  return {
    async getBigQueryUsage({ query }) {
      const { month, queries, bytesEstimated, bytesBilled, bytesTaken } = await monthUsage(db, query.month);
      const { monthlyBytes, pricePerTib, isConfigured } = bigquery;
      return {
        status: 200,
        body: {
          month,
          configured: isConfigured,
          budget_bytes: monthlyBytes,
          used_bytes: bytesTaken,
          left_bytes: monthlyBytes === null ? null : Math.max(0, monthlyBytes - bytesTaken),
          bytes_estimated: bytesEstimated,
          bytes_billed: bytesBilled,
          price_per_tib_usd: pricePerTib,
          price_usd: priceOf(bytesTaken, pricePerTib),
          queries: queries.map((entry) => ({
            job_id: entry.jobId,
            purpose: entry.purpose,
            state: entry.state,
            bytes_estimated: entry.bytesEstimated,
            bytes_billed: entry.bytesBilled,
            price_usd: priceOf(entry.bytesBilled ?? (entry.state === 'FAILED' ? 0 : entry.bytesEstimated), pricePerTib),
            tables: entry.tables.length,
            repositories: entry.repositories,
            jobs: entry.scrapeJobs,
            asked_by: entry.askedBy,
            error: entry.error,
            created_at: entry.createdAt.toISOString(),
            finished_at: entry.finishedAt?.toISOString() ?? null,
          })),
        },
      };
    },
  };
}
