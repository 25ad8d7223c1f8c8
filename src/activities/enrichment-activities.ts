import { cancellationSignal } from '@temporalio/activity';
import type { Database } from '../db/database.ts';
import { accountToEnrich, beginEnrichment, choosePeopleToEnrich, endEnrichment, saveFindings } from '../db/enrichment.ts';
import { noteBatchEnd } from '../db/enrichment-jobs.ts';
import { noteProgress } from '../db/job-progress.ts';
import { jobById } from '../db/jobs.ts';
import type { EnrichmentSource, SourceState } from '../domain/enrichment.ts';
import { AppError, JobNotFound, NoSourceConfigured } from '../domain/errors.ts';
import { readGithubProfile } from '../enrichment/github-profile.ts';
import type { JobLogWriter } from '../log/job-log.ts';
import { GithubWait } from '../sources/github/trouble.ts';
import type { EnrichmentSources } from './enrichment-sources.ts';
import { jobLogHere } from './job-activities.ts';
import { whileAlive } from './liveness.ts';

/** Whom a step is about. `jobId` is the person's own job; in a batch there is none. */
export interface AboutPerson {
  readonly userId: number;
  readonly jobId?: string;
}

/** What of a person's profile can be followed further, or until when GitHub wants to be left alone. */
interface ProfileRead {
  readonly resumeAt: string | null;
  readonly asksX: boolean;
  readonly asksWebsite: boolean;
}

/** Steps that ask others about people; what they hear goes to Postgres, never through Temporal. */
export interface EnrichmentSteps {
  readProfile(input: AboutPerson): Promise<ProfileRead>;
  readXProfile(input: AboutPerson): Promise<{ readonly answered: boolean }>;
  readWebsite(input: AboutPerson): Promise<{ readonly answered: boolean }>;
}

/** Steps of an enrichment that touch the database only. */
export interface EnrichmentBooks {
  beginEnrichment(input: { readonly userId: number; readonly jobId: string }): Promise<{ readonly ready: boolean }>;
  endEnrichment(input: EnrichmentEnd): Promise<void>;
  choosePeople(input: { readonly jobId: string }): Promise<{ readonly userIds: readonly number[] }>;
  noteBatchProgress(input: { readonly jobId: string; readonly done: number; readonly total: number }): Promise<void>;
  noteBatchEnd(input: { readonly jobId: string } & BatchCounts): Promise<void>;
}

/** How asking about a person ended. */
export interface EnrichmentEnd {
  readonly userId: number;
  /** The job whose log says so: the person's own, or the batch's. */
  readonly jobId: string;
  readonly status: 'COMPLETED' | 'PARTIAL' | 'FAILED' | 'PENDING';
  /** Sources whose step failed, beside what the steps wrote down themselves. */
  readonly failed: readonly ('x' | 'website')[];
  readonly error: string | null;
}

/** What became of the people of a batch. */
export interface BatchCounts {
  readonly enriched: number;
  readonly skipped: number;
  readonly failed: number;
}

/** What these activities work with. */
export interface EnrichmentDeps {
  readonly db: Database;
  readonly jobLog: JobLogWriter;
  readonly sources: EnrichmentSources;
}

const GITHUB: readonly EnrichmentSource[] = ['github_profile', 'github_social'];
/** States after which nothing is missing. */
const ANSWERED: readonly SourceState[] = ['ok', 'none', 'off', 'not_found'];

export function createEnrichmentActivities({ db, jobLog, sources }: EnrichmentDeps): EnrichmentSteps & EnrichmentBooks {
  const subjectOf = async (userId: number): ReturnType<typeof accountToEnrich> => accountToEnrich(db, userId);

  return {
    async beginEnrichment({ userId, jobId }) {
      // Running twice is harmless: absolute values.
      return { ready: await beginEnrichment(db, userId, jobId) };
    },

    async readProfile({ userId, jobId }) {
      // Running twice is harmless: what a source says replaces what it said before.
      const account = await subjectOf(userId);
      if (account === null) throw new AppError('contributor_gone', 404, 'There is nobody to ask about: erased, or opted out.');
      if (sources.github === null) throw new NoSourceConfigured('No GITHUB_TOKEN is configured: nobody can be asked about people.');
      const ask = sources.github(cancellationSignal());
      const profile = await whileAlive(() => readGithubProfile(ask, account.githubId, { withEmail: sources.emails })).catch(
        (error: unknown) => {
          if (error instanceof GithubWait) return error;
          // GitHub knows nobody with this number: its words are about a repository, which is not what was asked for.
          if (error instanceof AppError && error.code === 'repository_not_found') return null;
          throw error;
        },
      );
      if (profile instanceof GithubWait) return { resumeAt: profile.until.toISOString(), asksX: false, asksWebsite: false };
      if (profile === null) {
        await saveFindings(db, userId, { asked: GITHUB, found: [], states: { github: 'not_found' } });
        throw new AppError('profile_not_found', 404, 'GitHub has no public profile of this account (any more).');
      }
      await saveFindings(db, userId, { asked: GITHUB, found: profile.findings, facts: profile, states: { github: 'ok' } });
      if (jobId !== undefined) jobLogHere(jobLog, jobId).info('profile read', { found: profile.findings.map(({ field }) => field) });
      const fields = (await subjectOf(userId))?.fields ?? {};
      const [asksX, asksWebsite] = [fields.twitter_username !== undefined, fields.personal_website !== undefined];
      // What is not asked this time says nothing any more.
      await saveFindings(db, userId, {
        asked: [...(sources.x === null || !asksX ? (['x'] as const) : []), ...(sources.website === null ? (['website'] as const) : [])],
        found: [],
        states: {
          ...(sources.x === null ? { x: 'off' } : asksX ? {} : { x: 'none' }),
          ...(sources.website === null ? { website: 'off' } : asksWebsite ? {} : { website: 'none' }),
        },
      });
      return { resumeAt: null, asksX: asksX && sources.x !== null, asksWebsite: asksWebsite && sources.website !== null };
    },

    async readXProfile({ userId, jobId }) {
      // Running twice is harmless, as above.
      const name = (await subjectOf(userId))?.fields.twitter_username?.value;
      const { x } = sources;
      if (name === undefined || x === null) return { answered: true };
      const { state, findings } = await whileAlive(() => x(name, cancellationSignal()));
      await saveFindings(db, userId, { asked: ['x'], found: findings, states: { x: state } });
      return said('x', state, jobId);
    },

    async readWebsite({ userId, jobId }) {
      // Running twice is harmless, as above.
      const url = (await subjectOf(userId))?.fields.personal_website?.value;
      const { website } = sources;
      if (url === undefined || website === null) return { answered: true };
      const { state, findings } = await whileAlive(() => website(url, cancellationSignal()));
      await saveFindings(db, userId, { asked: ['website'], found: findings, states: { website: state } });
      return said('website', state, jobId);
    },

    async endEnrichment({ userId, jobId, status, failed, error }) {
      // Running twice is harmless: absolute values.
      if (failed.length > 0) {
        await saveFindings(db, userId, {
          asked: [],
          found: [],
          states: Object.fromEntries(failed.map((name) => [name, 'failed' as const])),
        });
      }
      await endEnrichment(db, userId, { status, error });
      const line = jobLogHere(jobLog, jobId);
      if (status === 'FAILED') line.warn('person not enriched', { user: userId, error });
      else line.info('person enriched', { user: userId, status });
    },

    async choosePeople({ jobId }) {
      // Running twice is harmless: nothing is written.
      const job = await jobById(db, jobId);
      if (job === null || job.request === null) throw new JobNotFound(jobId);
      const userIds = await choosePeopleToEnrich(db, job.request);
      jobLogHere(jobLog, jobId).info('people chosen', { people: userIds.length });
      return { userIds };
    },

    async noteBatchProgress({ jobId, done, total }) {
      // Running twice is harmless: absolute values.
      await noteProgress(db, jobId, { phase: 'ENRICHING', done, total, unit: 'people' });
    },

    async noteBatchEnd({ jobId, ...counts }) {
      // Running twice is harmless: absolute values.
      await noteBatchEnd(db, jobId, counts);
    },
  };

  function said(source: 'x' | 'website', state: SourceState, jobId: string | undefined): { readonly answered: boolean } {
    const answered = ANSWERED.includes(state);
    if (jobId !== undefined) jobLogHere(jobLog, jobId)[answered ? 'info' : 'warn']('source asked', { source, state });
    return { answered };
  }
}
