/**
 * A text as one harmless line: what came from outside (logins, reasons, error messages) may hold control characters that would move
 * the cursor, begin a line of their own or rename the window; they are written as `\xNN`.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, written);
}

// oxlint-disable-next-line no-control-regex -- they are what is shown
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

function written(character: string): string {
  const code = character.charCodeAt(0).toString(16);
  return code.length > 2 ? `\\u${code}` : `\\x${code.padStart(2, '0')}`;
}
