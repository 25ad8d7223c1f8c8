import { createEnrichBatchJob, createEnrichJob } from '../../db/enrichment-jobs.ts';
import { enrichmentOf, type Enrichment } from '../../db/enrichment.ts';
import { jobById, type StoredJob } from '../../db/jobs.ts';
import { personOf } from '../../db/people.ts';
import type { EnrichmentField } from '../../domain/enrichment.ts';
import { AppError, EnrichmentAlreadyRunning, NoSourceConfigured } from '../../domain/errors.ts';
import { linkedinUrlOf } from '../../domain/enrichment.ts';
import { publicUrl } from '../../domain/public-url.ts';
import type { EnrichmentResource } from '../contract/enrichment.ts';
import { within } from '../deadline.ts';
import type { ApiDeps } from '../deps.ts';
import { showAccepted } from '../job-view.ts';
import { jobPath, jobReferenceOf } from '../resources.ts';
import type { Exchange, Handlers } from '../routing.ts';

/** The answer does not wait longer for Temporal; the reconciler starts what was not started. */
const START_DEADLINE_MS = 3_000;

/** Learning more of people: jobs, and what is known. */
export function enrichmentHandlers(deps: ApiDeps): Pick<Handlers, 'getContributorEnrichment' | 'enrichContributor' | 'enrichContributors'> {
  const { db, engine, log } = deps;

  const begin = async (create: () => Promise<StoredJob>, concerns: Exchange['concerns']) => {
    if (!deps.canEnrich) throw new NoSourceConfigured('Nobody can be asked about people: set GITHUB_TOKEN.');
    let job: StoredJob;
    try {
      job = await create();
    } catch (error) {
      if (!(error instanceof EnrichmentAlreadyRunning)) throw error;
      const other = await jobById(db, error.jobId);
      throw new AppError(error.code, error.status, error.message, other === null ? {} : { job: jobReferenceOf(other) }, { cause: error });
    }
    concerns({ job_id: job.id });
    const started = engine.startJob(job).catch((error: unknown) => {
      // The job is stored: the reconciler goes on from there.
      log.warn({ err: error, job_id: job.id }, 'enrichment not started');
    });
    await within(START_DEADLINE_MS, started, undefined);
    const current = (await jobById(db, job.id)) ?? job;
    return { status: 202, headers: { Location: jobPath(job.id) }, body: showAccepted(engine, current) } as const;
  };

  return {
    async getContributorEnrichment({ params }) {
      const person = await personOf(db, params.username);
      return { status: 200, body: enrichmentResourceOf(await enrichmentOf(db, person.id)) };
    },

    async enrichContributor({ params }, { caller, concerns }) {
      const person = await personOf(db, params.username);
      concerns({ person_id: person.id });
      if (person.isSample) {
        throw new AppError('contributor_is_sample', 422, 'This person is part of the sample: there is nobody to ask about.');
      }
      return begin(() => createEnrichJob(db, { userId: person.id, requestedBy: caller.name }), concerns);
    },

    async enrichContributors({ body: { top, stale_after_days: staleAfterDays } }, { caller, concerns }) {
      return begin(() => createEnrichBatchJob(db, { request: { top, staleAfterDays }, requestedBy: caller.name }), concerns);
    },
  };
}

/** What is known of a person as JSON; addresses are checked once more, whoever has written them. */
function enrichmentResourceOf(enrichment: Enrichment | null): EnrichmentResource {
  const value = (field: EnrichmentField): string | null => enrichment?.fields[field]?.value ?? null;
  const shown = Object.entries(enrichment?.fields ?? {}).filter(([field]) => field !== 'personal_email');
  return {
    status: enrichment?.status ?? 'PENDING',
    twitter_username: value('twitter_username'),
    linkedin_url: linkedinUrlOf(value('linkedin_url')),
    personal_website: publicUrl(value('personal_website')),
    enrichment_sources: Object.fromEntries(shown.map(([field, { source, at }]) => [field, { source, at }])),
    states: { ...enrichment?.states },
    last_enriched_at: enrichment?.lastEnrichedAt?.toISOString() ?? null,
    error: enrichment?.error ?? null,
  };
}
