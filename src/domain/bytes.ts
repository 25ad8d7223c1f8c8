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
