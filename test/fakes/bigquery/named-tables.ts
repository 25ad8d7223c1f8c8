/** A table's full name. */
export interface TableReference {
  readonly projectId: string;
  readonly datasetId: string;
  readonly tableId: string;
}

const NAMED = /(\b(?:INSERT(?:\s+INTO)?|TABLE(?:\s+IF(?:\s+NOT)?\s+EXISTS)?)\s+)?`([\w-]+)[.:](\w+)\.([\w$]+)`/gi;

/** The tables that a statement reads, each once; what it creates, drops or inserts into is not read. All must be named in full, in backticks. */
export function tablesRead(sql: string): readonly TableReference[] {
  const found = new Map<string, TableReference>();
  for (const [name, written, projectId, datasetId, tableId] of sql.matchAll(NAMED)) {
    if (written === undefined) found.set(name, { projectId: projectId!, datasetId: datasetId!, tableId: tableId! });
  }
  return [...found.values()];
}

/** As BigQuery writes it in messages: `githubarchive:day.20150101`. */
export const inMessages = ({ projectId, datasetId, tableId }: TableReference): string => `${projectId}:${datasetId}.${tableId}`;
