import { SOURCE_NAMES, SOURCES } from '../domain/contribution.ts';

/**
 * SQL for how much a source's word counts for one row: by strength, among equals by code. It is total, so the order in which
 * sources are published changes nothing. `column` holds a source's code.
 */
export function precedenceSql(column: string): string {
  const cases = SOURCE_NAMES.map((name) => `WHEN ${SOURCES[name].code} THEN ${SOURCES[name].strength * 100 - SOURCES[name].code}`);
  return `(CASE ${column} ${cases.join(' ')} ELSE 0 END)`;
}

/** SQL for a source's strength: a stronger one has authority over the days it has read completely. */
export function strengthSql(column: string): string {
  return `(CASE ${column} ${SOURCE_NAMES.map((name) => `WHEN ${SOURCES[name].code} THEN ${SOURCES[name].strength}`).join(' ')} ELSE 0 END)`;
}

/** SQL for the first moment of a UTC day. */
export function dayStartSql(day: string): string {
  return `((${day})::timestamp AT TIME ZONE 'UTC')`;
}
