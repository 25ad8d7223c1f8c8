import { CancellationScope, sleep } from '@temporalio/workflow';
import type { JobActivities } from '../activities/job-activities.ts';
import type { ReadActivities } from '../activities/read-activities.ts';
import type { ScrapePhase } from './contract.ts';

type PlannedSlice = Awaited<ReturnType<ReadActivities['planSource']>>['undone'][number];

/** A pause a source asked for. */
interface Wait {
  /** ISO time. */
  readonly until: string;
  readonly waitingFor: string | null;
}

/** What reading the slices of a plan needs. */
export interface SliceReading {
  readonly jobId: string;
  readonly slices: readonly PlannedSlice[];
  /** Slices read at the same time, at most. */
  readonly width: number;
  readonly reader: Pick<ReadActivities, 'readSlice'>;
  readonly books: Pick<JobActivities, 'noteWaiting'>;
  /** Told whenever it changes: READING while any slice is read, WAITING while all that are begun wait. */
  readonly onPhase: (phase: ScrapePhase) => void;
  /** Told what was done when the reading failed, as a phrase. */
  readonly onFailure: (step: string) => void;
}

/**
 * Reads slices to their ends: turn by turn, within a turn several at once. Each waits for its source by itself; the job shows the
 * wait that ends first, until none waits. When one fails, the others are cancelled and waited for, and its error is thrown.
 */
export async function readSlices(o: SliceReading): Promise<void> {
  const turns = [...new Set(o.slices.map(turnOf))].sort((one, other) => one - other);
  for (const turn of turns) await readTurn({ ...o, slices: o.slices.filter((slice) => turnOf(slice) === turn) });
}

/** Plans of before there were turns have none. */
function turnOf({ turn }: PlannedSlice): number {
  return turn ?? 0;
}

async function readTurn({ jobId, slices, width, reader, books, onPhase, onFailure }: SliceReading): Promise<void> {
  const ahead = [...slices];
  const waits = new Map<PlannedSlice, Wait>();
  let reading = 0;
  const showPhase = (): void => onPhase(reading === 0 && waits.size > 0 ? 'WAITING' : 'READING');

  /** What the job's row shows; notes follow each other, so that the last one is the last. */
  let shown: Wait | null = null;
  let notes: Promise<void> = Promise.resolve();
  const showWaits = (): Promise<void> => {
    notes = notes.then(async () => {
      const first = [...waits.values()].reduce<Wait | null>(
        (least, wait) => (least === null || wait.until < least.until ? wait : least),
        null,
      );
      if (first?.until === shown?.until && first?.waitingFor === shown?.waitingFor) return;
      shown = first;
      await books.noteWaiting({ jobId, until: first?.until ?? null, waitingFor: first?.waitingFor ?? null });
    });
    return notes;
  };

  const readToEnd = async (planned: PlannedSlice): Promise<void> => {
    const { turn: _, ...slice } = planned;
    for (;;) {
      reading += 1;
      showPhase();
      const progress = await reader.readSlice({ jobId, slice }).finally(() => (reading -= 1));
      if (progress.done) return;
      // A worker that is shut down hands back its place without an error: the next worker goes on from the cursor.
      if (progress.resumeAt === null) continue;
      waits.set(planned, { until: progress.resumeAt, waitingFor: progress.waitingFor });
      showPhase();
      await showWaits();
      await sleep(Math.max(0, Date.parse(progress.resumeAt) - Date.now()));
      waits.delete(planned);
      await showWaits();
    }
  };

  let failure: { readonly error: unknown } | undefined;
  const scope = new CancellationScope();
  const lane = async (): Promise<void> => {
    for (let slice = ahead.shift(); slice !== undefined && failure === undefined; slice = ahead.shift()) {
      try {
        await readToEnd(slice);
      } catch (error) {
        if (failure !== undefined) return;
        failure = { error };
        onFailure(`reading ${slice.source} (${slice.slice})`);
        // The others put down what they hold; what they say of it then is no news.
        scope.cancel();
      }
    }
  };
  await scope.run(async () => {
    await Promise.all(Array.from({ length: Math.min(width, slices.length) }, lane));
  });
  if (failure !== undefined) throw failure.error;
}
