import { p } from '@mikro-orm/core';

/** A point in time: timestamptz, a Date in JavaScript. */
export const moment = () => p.datetime().columnType('timestamptz');

/** A UTC day: date, `YYYY-MM-DD` in JavaScript. */
export const day = () => p.string().columnType('date').$type<string>();

/** Text compared byte by byte: quicker, and the same order everywhere. */
export const key = () => p.text().collation('C');

/** The check that a column has one of the values of a closed list. */
export function oneOf(table: string, column: string, values: readonly string[]): { name: string; expression: string } {
  return { name: `${table}_${column}_check`, expression: `${column} in (${values.map((value) => `'${value}'`).join(',')})` };
}
