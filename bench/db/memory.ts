import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
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
export const MEMORY_FLAGS: readonly string[] = ['--max-semi-space-size=4', '--max-old-space-size=128'];

/** Ingests so many generated contributions in a fresh process and a fresh database. */
export async function measureIngest(server: BenchServer, rows: number): Promise<IngestFigures> {
  const { url, drop } = await server.freshDatabase();
  try {
    const child = spawn(process.execPath, [...MEMORY_FLAGS, PROGRAM, url, String(rows)], { stdio: ['ignore', 'pipe', 'inherit'] });
    const endIt = (): void => void child.kill();
    process.once('exit', endIt);
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    process.removeListener('exit', endIt);
    if (code !== 0) throw new Error(`The process that ingests ${rows} contributions ended with ${code}`);
    return JSON.parse(output) as IngestFigures;
  } finally {
    await drop();
  }
}
