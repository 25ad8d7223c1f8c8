/** Text as PostgreSQL can store it: without NUL, unpaired surrogates replaced. */
export function cleanText(text: string): string {
  return (text.includes('\0') ? text.replaceAll('\0', '') : text).toWellFormed();
}
