import { fileURLToPath } from 'node:url';
import { inFreshProcess, MEMORY_FLAGS } from '../measured-process.ts';
import type { BenchServer } from './server.ts';

/** What one ingesting process came to. */
interface IngestFigures {
  /** Peak resident memory of the Node process, without PostgreSQL. */
  readonly bytes: number;
  readonly ms: number;
  readonly contributions: number;
  readonly people: number;
}

const PROGRAM = fileURLToPath(new URL('ingest-process.ts', import.meta.url));

/** Ingests so many generated contributions in a fresh process and a fresh database. */
export async function measureIngest(server: BenchServer, rows: number): Promise<IngestFigures> {
  const { url, drop } = await server.freshDatabase();
  try {
    return await inFreshProcess<IngestFigures>(PROGRAM, [url, String(rows)], MEMORY_FLAGS);
  } finally {
    await drop();
  }
}
