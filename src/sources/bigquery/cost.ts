const TIB = 1024 ** 4;
const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** What reading so many bytes costs, in USD to the cent, rounded up. Google gives the first TiB of a month away; that is not taken off. */
export function priceOf(bytes: number, pricePerTib: number): number {
  return Math.ceil((bytes / TIB) * pricePerTib * 100 - 1e-9) / 100;
}

/** Bytes as people read them: `6.4 TiB`. */
export function bytesInWords(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 1024 && unit < UNITS.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

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
