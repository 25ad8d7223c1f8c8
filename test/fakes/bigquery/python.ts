import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { onMachinesWith } from '../../python/on-machines-with.ts';
import { installPython, type InstallOptions } from '../../python/virtual-environment.ts';

/** A Python that can run the emulator, in a virtual environment of its own. */
export interface EmulatorPython {
  readonly command: string;
  /** DuckDB keeps its extensions under HOME; this one has the emulator's. */
  readonly home: string;
}

const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');
const homeIn = (directory: string): string => join(directory, 'home');

/** The emulator's Python, installed where it is not yet. @throws Error with what failed and what to do. */
export async function installEmulator(o: Omit<InstallOptions, 'finish'> = {}): Promise<EmulatorPython> {
  const command = await installPython('bqemulator', REQUIREMENTS, {
    ...o,
    async finish(directory, run) {
      await mkdir(homeIn(directory));
      await run(['-c', 'import duckdb_extensions as e; e.import_extension("spatial")'], { HOME: homeIn(directory) });
    },
  });
  return { command, home: homeIn(dirname(dirname(command))) };
}

/** Whether the emulator can run here: tests without it are skipped, with a line that says why. @throws Error instead when CI=true. */
export async function hasEmulator(o: Omit<InstallOptions, 'finish'> = {}): Promise<boolean> {
  return onMachinesWith('BigQuery tests are SKIPPED.', () => installEmulator(o), o);
}
