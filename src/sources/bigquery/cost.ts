import { bytesInWords, priceOf } from '../../domain/bytes.ts';

/** A plan's cost in a sentence. */
export function describeCost(o: {
  readonly bytes: number;
  readonly tables: number;
  readonly pricePerTib: number;
  readonly maximumBytesBilled: number;
}): string {
  if (o.tables === 0) return 'BigQuery: the archive has no table of these days; nothing would be read.';
  const cost = `BigQuery: reads ${bytesInWords(o.bytes)} of ${o.tables} ${o.tables === 1 ? 'table' : 'tables'}, about ${priceOf(o.bytes, o.pricePerTib).toFixed(2)} USD; repositories that wait share it.`;
  if (o.bytes <= o.maximumBytesBilled) return `${cost} The archive is a lower bound: it misses events, from 2025 on most of them.`;
  return `${cost} That is over the cap of ${bytesInWords(o.maximumBytesBilled)} (BIGQUERY_MAX_BYTES_BILLED, BIGQUERY_MONTHLY_BYTES): it would be refused.`;
}
