import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installPython } from '../python/virtual-environment.ts';

/** The python that has Schemathesis. @throws Error saying what to do where it can't be installed. */
export async function installSchemathesis(): Promise<string> {
  return await installPython('schemathesis', join(import.meta.dirname, 'requirements.txt'));
}

/** How much is tried. */
interface FuzzOptions {
  /** Where the API is. */
  readonly url: string;
  /** An admin's key: with it everything is open, and what opens without it is found. */
  readonly key: string;
  /** Requests of each kind and endpoint. */
  readonly examples: number;
  readonly phases: readonly ('examples' | 'coverage' | 'fuzzing' | 'stateful')[];
  readonly maxSeconds: number;
  readonly seed: number;
  /** Gets what it writes while it runs. */
  readonly onOutput?: (text: string) => void;
}

/** What it found: `isClean`, and its report. */
interface FuzzReport {
  readonly isClean: boolean;
  readonly output: string;
}

/**
 * Sends the API what its OpenAPI document allows and forbids, and holds every answer against the document: no 5xx, no status, type,
 * header or body that is not described, nothing forbidden accepted, nothing open that should not be.
 *
 * One check is left out, that everything a schema allows is accepted: what JSON Schema can't say (a cursor of this very list, a window
 * or dates but not both, a source that is configured) is refused with a described 4xx.
 */
export async function fuzz(o: FuzzOptions): Promise<FuzzReport> {
  const python = await installSchemathesis();
  const directory = await mkdtemp(join(tmpdir(), 'laurels-fuzz-'));
  const args = [
    '-m',
    'schemathesis.cli',
    'run',
    `${o.url}/api/openapi.json`,
    `--header=Authorization: Bearer ${o.key}`,
    `--max-examples=${o.examples}`,
    `--phases=${o.phases.join(',')}`,
    `--max-time=${o.maxSeconds}`,
    `--seed=${o.seed}`,
    '--exclude-checks=positive_data_acceptance',
    '--continue-on-failure',
    '--no-shrink',
    '--warnings=off',
    '--request-timeout=30',
  ];
  try {
    return await new Promise((resolve) => {
      const child = execFile(python, args, { cwd: directory, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
        resolve({ isClean: error === null, output: stdout + stderr });
      });
      if (o.onOutput !== undefined) child.stdout?.on('data', o.onOutput);
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
