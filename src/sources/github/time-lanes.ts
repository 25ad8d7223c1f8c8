/** Splits the time from `from` on into `parts` of equal length; the last one is open. Times as GitHub writes them. */
export function splitTime(from: string, to: string, parts: number): { readonly since: string; readonly until: string | null }[] {
  const [start, end] = [Date.parse(from), Date.parse(to)];
  const length = Math.floor(Math.max(0, end - start) / parts / 1000) * 1000;
  if (length === 0) return [{ since: from, until: null }];
  const bounds = Array.from({ length: parts }, (_, index) => secondsOf(start + index * length));
  return bounds.map((since, index) => ({ since, until: bounds[index + 1] ?? null }));
}

/** The moment `seconds` before another, to the second. */
export function earlier(moment: string, seconds: number): string {
  return secondsOf(Date.parse(moment) - seconds * 1000);
}

function secondsOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
