import { jobById } from '../../db/jobs.ts';
import { changeScoring, type ScoringChange } from '../../db/scoring-change.ts';
import { previewScoring, type Moved } from '../../db/scoring-preview.ts';
import { currentScoring, findScoring, listScorings, newestScoring } from '../../db/scoring.ts';
import { PreconditionRequired, ScoringChanged, ScoringNotFound } from '../../domain/errors.ts';
import { fullNameOf } from '../../domain/repository-name.ts';
import type { MovedResource } from '../contract/scoring.ts';
import type { ApiDeps } from '../deps.ts';
import { within } from '../deadline.ts';
import { matches } from '../if-match.ts';
import { repositoryNamed } from '../named-repository.ts';
import { atCursor, nextLink } from '../paging.ts';
import { jobPath, jobReferenceOf } from '../resources.ts';
import type { Exchange, Handlers } from '../routing.ts';
import { changesBetween, rulesOf, scoringResourceOf, scoringTag } from '../scoring-resource.ts';

/** The answer does not wait longer for Temporal; the reconciler starts what was not started. */
const START_DEADLINE_MS = 3_000;

/** Reads, changes and restores the scoring, shows its history, and what another one would do. */
export function scoringHandlers({
  db,
  engine,
  log,
}: ApiDeps): Pick<Handlers, 'getScoring' | 'putScoring' | 'restoreScoring' | 'listScorings' | 'previewScoring'> {
  const save = async (change: ScoringChange, { concerns }: Exchange) => {
    const { scoring, jobId } = await changeScoring(db, change);
    const headers = { ETag: scoringTag(scoring), ...(jobId === null ? {} : { Location: jobPath(jobId) }) };
    const job = jobId === null ? null : await jobById(db, jobId);
    if (job !== null) {
      concerns({ job_id: job.id });
      const started = engine.startJob(job).catch((error: unknown) => {
        // The job is stored: the reconciler goes on from there.
        log.warn({ err: error, job_id: job.id }, 'job not started');
      });
      await within(START_DEADLINE_MS, started, undefined);
    }
    return { status: 200, headers, body: { ...scoringResourceOf(scoring), rescore: job === null ? null : jobReferenceOf(job) } } as const;
  };

  /** The version that If-Match says the change was made from; null: there is none. @throws ScoringChanged for a tag of another version. */
  const expectedVersion = async ({ request }: Exchange): Promise<number | null> => {
    const newest = await newestScoring(db);
    const isNewest = matches(request, scoringTag(newest));
    if (isNewest === false) throw new ScoringChanged(newest.version);
    return isNewest === null ? null : newest.version;
  };

  return {
    async getScoring() {
      const scoring = await newestScoring(db);
      return {
        status: 200,
        headers: { ETag: scoringTag(scoring), 'Cache-Control': 'private, no-cache' },
        body: scoringResourceOf(scoring),
      };
    },

    async putScoring({ body }, exchange) {
      const expected = await expectedVersion(exchange);
      if (expected === null) throw new PreconditionRequired();
      return save({ expected, rules: rulesOf(body), by: exchange.caller.name, note: body.note ?? null }, exchange);
    },

    async restoreScoring({ params, body }, exchange) {
      const expected = await expectedVersion(exchange);
      const version = await findScoring(db, params.version);
      if (version === null) throw new ScoringNotFound(params.version);
      const note = body?.note ?? `Version ${version.version} restored`;
      return save({ expected, rules: version, by: exchange.caller.name, note }, exchange);
    },

    async listScorings({ query }, { request }) {
      const { limit, cursor } = query;
      const [page, current] = await Promise.all([
        atCursor(cursor, () => listScorings(db, { limit, ...(cursor === undefined ? {} : { cursor }) })),
        currentScoring(db),
      ]);
      const data = page.data.map(({ scoring, before }) => ({
        ...scoringResourceOf(scoring),
        in_force: scoring.version === current.version,
        changes: before === null ? [] : changesBetween(before, scoring),
      }));
      return {
        status: 200,
        headers: nextLink(request, 'cursor', page.nextCursor),
        body: { data, next_cursor: page.nextCursor, total: page.total },
      };
    },

    async previewScoring({ query, body }) {
      const repository = query.repository === undefined ? null : await repositoryNamed(db, query.repository);
      const rules = rulesOf(body);
      const preview = await previewScoring(db, rules, repository === null ? 'global' : { repositoryId: repository.id });
      const { scoring, window, people, unchangedRanks, rankCorrelation, topBefore, topAfter, biggestMovers } = preview;
      return {
        status: 200,
        body: {
          repository: repository === null ? null : fullNameOf(repository),
          scoring_version: scoring.version,
          window,
          people,
          changes: changesBetween(scoring, rules),
          order: {
            unchanged_ranks: unchangedRanks,
            unchanged_share: people === 0 ? null : unchangedRanks / people,
            rank_correlation: rankCorrelation,
          },
          top_before: topBefore.map(movedResourceOf),
          top_after: topAfter.map(movedResourceOf),
          biggest_movers: biggestMovers.map(movedResourceOf),
        },
      };
    },
  };
}

function movedResourceOf({ github_id, username, before, after }: Moved): MovedResource {
  const isOnBoth = before !== null && after !== null;
  return {
    github_id,
    username,
    before,
    after,
    rank_change: isOnBoth ? before.rank - after.rank : null,
    // Both have four decimals: the difference of the doubles may have more.
    score_change: isOnBoth ? Number((after.score - before.score).toFixed(4)) : null,
  };
}
