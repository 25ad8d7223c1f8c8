import { cancellationSignal, Context } from '@temporalio/activity';
import { saveArchiveFiles } from '../db/archive-files.ts';
import { extractOf } from '../db/bigquery-extracts.ts';
import type { Database } from '../db/database.ts';
import { beginReading, noteProgress, noteRead } from '../db/job-progress.ts';
import { jobById, type StoredJob } from '../db/jobs.ts';
import { learnRepository, repositoryById, type StoredRepository } from '../db/repositories.ts';
import { planSlices, sliceState, stageBatch, undoneSlices } from '../db/staging.ts';
import { watermarksOf } from '../db/sync-cursors.ts';
import { SOURCES, type SourceName } from '../domain/contribution.ts';
import { JobNotFound, NoSourceConfigured, RepositoryNotFound } from '../domain/errors.ts';
import { repositoryNameOf } from '../domain/repository-name.ts';
import type { JobLogWriter } from '../log/job-log.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Batch, ContributionSource, PlannedSlice, ScrapeTarget, Slice, SourcePlan } from '../sources/contribution-source.ts';
import { importArchive, type ImportProgress } from '../sources/gharchive/importer.ts';
import { MirrorBusy } from '../sources/gharchive/mirror-lock.ts';
import { jobLogHere } from './job-activities.ts';
import { whileAlive } from './liveness.ts';

/** Where a slice stands when its reader hands back: done, paused by the source until `resumeAt`, or put down by a shutdown (neither). */
interface SliceProgress {
  readonly done: boolean;
  /** Contributions read by this call; for display. */
  readonly read: number;
  /** ISO time before which the source must not be asked again. */
  readonly resumeAt: string | null;
  readonly waitingFor: string | null;
}

/** The steps of a job that need its source. They run on the queue whose workers have it. */
export interface ReadActivities {
  importArchive(input: { readonly jobId: string }): Promise<{ readonly done: boolean }>;
  planSource(input: { readonly jobId: string; readonly source: SourceName }): Promise<{ readonly undone: readonly PlannedSlice[] }>;
  readSlice(input: { readonly jobId: string; readonly slice: Slice }): Promise<SliceProgress>;
}

/** What reading needs. */
export interface ReadDeps {
  readonly db: Database;
  readonly jobLog: JobLogWriter;
  readonly sources: ReadonlyMap<SourceName, ContributionSource>;
  /** A directory of archive files whose new ones are imported into the mirror first; null: the mirror is read as it is. */
  readonly archive: { readonly directory: string; readonly mirrorDir: string } | null;
  readonly metrics: Pick<Metrics, 'sources' | 'store'>;
  /** Aborted when this worker is asked to stop. */
  readonly stopping: AbortSignal;
}

/** Progress is for people: more often than this nobody sees. */
const PROGRESS_EVERY_MS = 1_000;

/** Whether the signal was aborted because this worker stops, and not because the job is cancelled or another attempt has taken over. */
function isPutDown(signal: AbortSignal): boolean {
  if (!signal.aborted) return false;
  return !cancellationSignal().aborted || Context.current().cancellationDetails?.workerShutdown === true;
}

export function createReadActivities({ db, jobLog, sources, archive, metrics, stopping }: ReadDeps): ReadActivities {
  const sourceOf = (name: SourceName): ContributionSource => {
    const source = sources.get(name);
    if (source === undefined) throw new NoSourceConfigured(`The worker has no source "${name}": is it configured there too?`);
    return source;
  };
  const targetOf = async (
    jobId: string,
    source: SourceName,
  ): Promise<{ job: StoredJob; repository: StoredRepository; target: ScrapeTarget }> => {
    const job = await jobById(db, jobId);
    if (job === null) throw new JobNotFound(jobId);
    const repository = job.repositoryId === null ? null : await repositoryById(db, job.repositoryId);
    if (repository === null) {
      const { owner, name } = repositoryNameOf(job.repositoryName);
      throw new RepositoryNotFound(owner, name);
    }
    const { owner, name, githubId, nodeId } = repository;
    const type = job.type === 'REFRESH' ? 'REFRESH' : 'FULL';
    const previous = type === 'REFRESH' ? await watermarksOf(db, repository.id, source) : {};
    const extract = source === 'bigquery' ? await extractOf(db, jobId) : null;
    const target = { owner, name, githubId, nodeId, window: job.window, type, previous, ...(extract === null ? {} : { extract }) } as const;
    return { job, repository, target };
  };

  const learn = async ({ id, githubId }: StoredRepository, plan: SourcePlan): Promise<void> => {
    const { repository: now } = plan;
    if (now !== undefined && now !== null) {
      const { defaultBranch, createdOn: _, ...facts } = now;
      await learnRepository(db, id, { ...facts, ...(defaultBranch === null ? {} : { defaultBranch }) });
    } else if (plan.githubId !== null && githubId === null) await learnRepository(db, id, { githubId: plan.githubId });
  };

  return {
    async importArchive({ jobId }) {
      // Running twice is harmless: a file is known by name and hash, an imported one is skipped, the manifest is replaced in one step.
      if (archive === null) return { done: true };
      const { directory, mirrorDir } = archive;
      await noteProgress(db, jobId, { phase: 'IMPORTING', done: 0, total: null, unit: 'files' });
      let notedAt = performance.now();
      const onProgress = ({ done, total }: ImportProgress): void => {
        if (performance.now() - notedAt < PROGRESS_EVERY_MS) return;
        notedAt = performance.now();
        // For people only: the import must not fail because a progress bar stood still.
        void noteProgress(db, jobId, { done, total }).catch(() => undefined);
      };
      const line = jobLogHere(jobLog, jobId);
      const signal = AbortSignal.any([cancellationSignal(), stopping]);
      const report = await whileAlive(() => importArchive({ directory, mirrorDir, signal, onProgress })).catch((error: unknown) => {
        if (isPutDown(signal)) line.info('import put down, the worker stops');
        else if (error instanceof MirrorBusy) line.info('waiting for another import');
        else if (cancellationSignal().aborted) throw cancellationSignal().reason;
        else throw error;
        return null;
      });
      if (report === null) return { done: false };
      await saveArchiveFiles(db, report.files);
      for (const file of report.files) {
        if (file.status === 'refused' || (file.status !== 'unchanged' && file.state !== 'ok')) {
          line.warn('archive file is not whole', { file: file.name, state: file.state, reason: file.reason });
        }
      }
      const { imported, unchanged, refused, rows, quarantined } = report;
      line.info('archive imported', { imported, unchanged, refused, rows, quarantined });
      return { done: true };
    },

    async planSource({ jobId, source: name }) {
      // Running twice is harmless: slices that are planned already stay as they are, facts are absolute.
      const source = sourceOf(name);
      await noteProgress(db, jobId, { phase: 'PLANNING' });
      const { repository, target } = await targetOf(jobId, name);
      const plan = await whileAlive(() => source.plan(target));
      await learn(repository, plan);
      await planSlices(db, jobId, plan.slices);
      await beginReading(db, jobId, { source: name, total: plan.total, unit: plan.unit, note: plan.note, estimate: plan.estimate ?? null });
      jobLogHere(jobLog, jobId).info('planned', {
        source: name,
        slices: plan.slices.length,
        total: plan.total,
        unit: plan.unit,
        note: plan.note,
      });
      const turns = new Map(plan.slices.map(({ slice, turn }) => [slice, turn ?? 0]));
      const undone = (await undoneSlices(db, jobId)).filter((slice) => slice.source === name);
      return { undone: undone.map((slice) => ({ ...slice, turn: turns.get(slice.slice) ?? 0 })) };
    },

    async readSlice({ jobId, slice }) {
      // Running twice is harmless: a batch and its cursor are committed together, the next attempt goes on from that cursor, and
      // of one natural key the last staged row counts. Nothing of it is public before the publish transaction.
      const source = sourceOf(slice.source);
      const { target } = await targetOf(jobId, slice.source);
      const state = await sliceState(db, jobId, slice);
      if (state?.done === true) return { done: true, read: 0, resumeAt: null, waitingFor: null };
      const line = jobLogHere(jobLog, jobId);
      await noteProgress(db, jobId, { phase: 'READING' });

      const signal = AbortSignal.any([cancellationSignal(), stopping]);
      let read = 0;
      let requests = 0;
      let notedAt = 0;
      const note = async (): Promise<void> => {
        notedAt = performance.now();
        await noteRead(db, jobId, slice.source);
      };
      const stage = async (batch: Batch): Promise<void> => {
        await stageBatch(db, jobId, slice, batch);
        metrics.sources.page(slice.source, batch.contributions.length);
        metrics.store.staged(slice.source, batch.contributions.length + batch.pullRequests.length);
        read += batch.contributions.length;
        requests += batch.requests ?? 0;
        if (performance.now() - notedAt > PROGRESS_EVERY_MS) await note();
      };
      const reading = async (): Promise<SliceProgress> => {
        for await (const batch of source.read(target, slice.slice, state?.cursor ?? null, signal)) {
          await stage(batch);
          if (batch.done) return { done: true, read, resumeAt: null, waitingFor: null };
          if (batch.resumeAt !== undefined) {
            return { done: false, read, resumeAt: batch.resumeAt.toISOString(), waitingFor: SOURCES[slice.source].title };
          }
          signal.throwIfAborted();
        }
        throw new Error(`Source ${slice.source} ended slice "${slice.slice}" without saying that it is done`);
      };
      try {
        const progress = await whileAlive(reading, () => ({ read }));
        await note();
        line.info(progress.done ? 'slice read' : 'slice paused', {
          source: slice.source,
          slice: slice.slice,
          read,
          ...(requests > 0 ? { requests } : {}),
          resume_at: progress.resumeAt,
        });
        return progress;
      } catch (error) {
        // A worker that is asked to stop spends no attempt: what is staged stays, the page under way is read again elsewhere.
        if (isPutDown(signal)) {
          line.info('slice put down, the worker stops', { source: slice.source, slice: slice.slice, read });
          return { done: false, read, resumeAt: null, waitingFor: null };
        }
        // Sources may wrap the abort in errors of their own; Temporal must see the cancellation.
        if (cancellationSignal().aborted) throw cancellationSignal().reason;
        throw error;
      }
    },
  };
}
