import { tableOf } from '../../src/cli/table.ts';
import type { Verification } from '../../src/db/verify.ts';
import type { MemoryRow } from './processes.ts';

/** A process whose memory grows faster than this leaks (reliability.md). */
const MOST_MB_PER_MINUTE = 1;
/** Over so short a life nothing can be said. */
const LEAST_MINUTES = 20;

/** Prints what a soak came to; true when everything holds. */
export function report(o: {
  readonly seed: number;
  readonly minutes: number;
  readonly done: ReadonlyMap<string, number>;
  readonly answers: ReadonlyMap<string, number>;
  readonly jobs: readonly { readonly status: string; readonly code: string | null; readonly jobs: number }[];
  readonly memory: readonly MemoryRow[];
  readonly verification: Verification;
  readonly wrong: readonly string[];
  readonly json: boolean;
}): boolean {
  const leaks = o.memory.filter(({ minutes, mbPerMinute }) => minutes >= LEAST_MINUTES && mbPerMinute >= MOST_MB_PER_MINUTE);
  const open = o.jobs.filter(({ status }) => ['QUEUED', 'RUNNING', 'RETRYING'].includes(status));
  const violated = o.verification.findings.filter(({ violations }) => violations > 0);
  const isSound = violated.length === 0 && o.wrong.length === 0 && leaks.length === 0 && open.length === 0;
  if (o.json) {
    const { seed, minutes, jobs, memory, verification, wrong } = o;
    console.log(
      JSON.stringify({
        ok: isSound,
        seed,
        minutes,
        done: Object.fromEntries(o.done),
        answers: Object.fromEntries(o.answers),
        jobs,
        memory,
        verification,
        wrong,
      }),
    );
    return isSound;
  }
  const counted = (map: ReadonlyMap<string, number>): readonly string[][] =>
    [...map].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([what, times]) => [what, String(times)]);
  const table = (title: string, headings: readonly string[], rows: readonly (readonly string[])[]): void => {
    console.log(`\n${title}`);
    console.log(
      tableOf(
        headings.map((heading, index) => ({ heading, align: index === 0 ? 'left' : 'right' })),
        rows,
      ),
    );
  };
  console.log(`Soak of ${o.minutes} minutes, seed ${o.seed}`);
  table('Faults and work on GitHub', ['what', 'times'], counted(o.done));
  table('Requests', ['what and status', 'times'], counted(o.answers));
  table(
    'Jobs',
    ['how they ended', 'jobs'],
    o.jobs.map(({ status, code, jobs }) => [code === null ? status : `${status} ${code}`, String(jobs)]),
  );
  table(
    'Memory, of the longest life of each',
    ['process', 'lives', 'minutes', 'MB first', 'MB last', 'MB/min', 'heap last', 'heap MB/min', 'files first', 'files last'],
    o.memory.map((row) => [
      row.role,
      String(row.lives),
      row.minutes.toFixed(1),
      row.firstMb.toFixed(0),
      row.lastMb.toFixed(0),
      row.mbPerMinute.toFixed(2),
      row.lastHeapMb?.toFixed(0) ?? '',
      row.heapMbPerMinute?.toFixed(2) ?? '',
      String(row.firstFds),
      String(row.lastFds),
    ]),
  );
  for (const { role, curve } of o.memory) {
    const every = Math.max(1, Math.ceil(curve.length / 12));
    console.log(
      `${role}: ${curve
        .filter((_, index) => index % every === 0)
        .map(([minute, mb]) => `${minute} min ${mb} MB`)
        .join(', ')}`,
    );
  }
  table(
    'Invariants',
    ['name', 'checked', 'wrong'],
    o.verification.findings.map(({ name, checked, violations, skipped }) => [name, skipped ?? String(checked), String(violations)]),
  );
  for (const { name, promise, examples } of violated)
    console.log(`\n✗ ${name}: ${promise}\n  ${examples.map((example) => JSON.stringify(example)).join('\n  ')}`);
  for (const { role, mbPerMinute } of leaks) console.log(`✗ ${role} grows by ${mbPerMinute.toFixed(2)} MB a minute`);
  for (const { status, jobs } of open) console.log(`✗ ${jobs} jobs are still ${status}`);
  for (const line of o.wrong.slice(0, 30)) console.log(`✗ ${line}`);
  if (o.wrong.length > 30) console.log(`  and ${o.wrong.length - 30} more`);
  console.log(isSound ? '\nEverything holds.' : '\nIt does not hold.');
  return isSound;
}
