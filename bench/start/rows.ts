import { readFile } from 'node:fs/promises';
import { listProcesses } from '../../src/embedded/process-table.ts';
import { makePlace, type Place, type Running } from '../../test/e2e/laurels.ts';
import { median, type BenchRow, type Measure } from '../row.ts';

const MOST_S = 10;
const MOST_MB = 700;
const ROUNDS = 3;

/** Row 13: `npm start` on a directory that has been started before, until it says that it is ready; and what all its processes hold. */
export const measure: Measure = async function* measure(_, { quick }) {
  const place = await makePlace();
  try {
    const first = await startOnce(place);
    const again: (typeof first)[] = [];
    for (let round = 0; round < (quick ? 1 : ROUNDS); round += 1) again.push(await startOnce(place));
    const seconds = median(again.map((start) => start.seconds));
    const megabytes = median(again.map((start) => start.megabytes));
    yield {
      row: 13,
      name: `npm start on a directory that was started before (the first time: ${first.seconds.toFixed(1)} s)`,
      measured: `ready after ${seconds.toFixed(1)} s, ${Math.round(megabytes)} MB in all`,
      target: `under ${MOST_S} s, under ${MOST_MB} MB`,
      holds: seconds < MOST_S && megabytes < MOST_MB,
      figures: { first, again },
    } satisfies BenchRow;
  } finally {
    await place.remove();
  }
};

async function startOnce(place: Place): Promise<{ readonly seconds: number; readonly megabytes: number }> {
  const running = place.up();
  try {
    const [, seconds = ''] = await running.until(/Laurels is ready after ([\d.]+) s/);
    return { seconds: Number(seconds), megabytes: await memoryOf(place, running) };
  } finally {
    running.child.kill('SIGTERM');
    await running.ended;
  }
}

/** The memory of the process and of everything that works in the data directory, pages shared with others counted in part (PSS). */
async function memoryOf(place: Place, { child }: Running): Promise<number> {
  const parents = await Promise.all(
    (await listProcesses()).map(async ({ pid, command }) => {
      const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
      return { pid, command, parent: Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0) };
    }),
  );
  // PostgreSQL's own processes say nothing of the directory on their command lines, but their parent does.
  const ours = new Set(parents.filter(({ pid, command }) => pid === child.pid || command.includes(place.directory)).map(({ pid }) => pid));
  let kilobytes = 0;
  for (const { pid } of parents.filter((process) => ours.has(process.pid) || ours.has(process.parent))) {
    const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
    kilobytes += Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0);
  }
  return kilobytes / 1000;
}
