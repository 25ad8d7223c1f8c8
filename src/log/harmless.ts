import type { DestinationStream } from 'pino';
import { printable } from '../domain/printable.ts';

/** A line of the log has at most this many bytes of facts, and one text in it this many characters: what is long is not for a log. */
const MOST_BYTES = 4_096;
const MOST_CHARACTERS = 1_000;

type Fields = Readonly<Record<string, unknown>>;

/** A text as a log holds it: on one line, and not endless. */
export function logText(text: string): string {
  const shown = text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS)}… (${text.length} characters)`;
  return printable(shown);
}

/** The facts of a line with every text in them as {@link logText} has it; what is too much in all is cut. */
export function logFields(fields: Fields): Record<string, unknown> {
  const json = JSON.stringify(fields, (_key, value: unknown) => (typeof value === 'string' ? logText(value) : value));
  if (Buffer.byteLength(json) <= MOST_BYTES) return JSON.parse(json) as Record<string, unknown>;
  return { cut: logText(json) };
}

/** How a control character stands in JSON: escaped, or, where JSON asks for no escape, as it is. A line's end in a text is none here. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const IN_JSON = /\\\\|\\[bfr]|\\u00[01][0-9a-f]|[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/**
 * A destination for lines of JSON whose texts hold no control characters, so that a terminal, and whatever writes the texts out as
 * they are (pino-pretty), shows them as `\xNN`.
 */
export function harmless(destination: DestinationStream): DestinationStream {
  const escaped = (found: string): string =>
    found === '\\\\' ? found : printable(JSON.parse(`"${found}"`) as string).replace('\\', '\\\\');
  return { write: (line) => destination.write(line.replace(IN_JSON, escaped)) };
}
