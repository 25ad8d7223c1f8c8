import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll } from '@jest/globals';

/** Makes empty directories that PostgreSQL's account can enter; all are removed at the end of the test file. */
export function temporaryDirectories(): () => string {
  const made: string[] = [];
  afterAll(() => {
    for (const directory of made) rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
  });
  return () => {
    // The prefix and process id let the next run sweep what this one leaves when it is killed.
    const directory = mkdtempSync(join(tmpdir(), `laurels-test-${process.pid}-`));
    chmodSync(directory, 0o711);
    made.push(directory);
    return directory;
  };
}

/** Waits until a condition holds; fails after 20 seconds with what was waited for. */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`Still not so after 20 s: ${what}`);
    await delay(20);
  }
}
