import type { Batch, ContributionSource, ScrapeTarget, SliceCursor, SourcePlan } from '../contribution-source.ts';
import type { CoveredRange } from '../../domain/coverage.ts';
import type { PaceLimits } from './pacing.ts';
import { createCommitAccounts } from './accounts.ts';
import type { SourceMeter } from '../source-meter.ts';
import { GithubClient, type SourceLog } from './client.ts';
import type { GithubApp } from './credential.ts';
import { takeHeartbeat, type Heartbeat } from './heartbeat.ts';
import { contributionsIn, describeEstimate, estimateFull, measureExtent } from './plan.ts';
import { mayGoOnFrom, type Reading, type Stream, type StreamBatch } from './reading.ts';
import { issueComments, reviewComments } from './streams/comments.ts';
import { commitComments } from './streams/commit-comments.ts';
import { commits } from './streams/commits.ts';
import { issues } from './streams/issues.ts';
import { pullRequests } from './streams/pull-requests.ts';
import { releases } from './streams/releases.ts';
import { totals } from './streams/totals.ts';
import { CursorRefused, GithubUnavailable, GithubWait, PageTooLarge } from './trouble.ts';

export interface GithubSourceOptions {
  /** Used in turn; may be empty when `app` is given. */
  readonly tokens: readonly string[];
  readonly app?: GithubApp | null;
  /** `https://api.github.com`, or `https://host/api/v3`. */
  readonly apiUrl: string;
  readonly log?: SourceLog;
  readonly meter?: SourceMeter;
  /** Private repositories are refused otherwise. */
  readonly allowPrivate?: boolean;
  /** Rows a page, at most. GitHub allows 100. */
  readonly pageSize?: Partial<Reading['pageSize']>;
  /** Requests of one slice in flight. Slices that are read at the same time share the client's limits. */
  readonly width?: number;
  /** A request without a whole answer after this is repeated. */
  readonly timeoutMs?: number;
  /** How often a failed request is repeated. */
  readonly retries?: number;
  /** Pauses up to this are slept; a longer one is handed to the caller as `resumeAt`. */
  readonly longestSleepMs?: number;
  readonly limits?: PaceLimits;
  /** What counts as a second between repetitions; only tests shorten it. */
  readonly secondMs?: number;
}

/** In the order they are begun. */
const STREAMS: readonly Stream[] = [totals, commits, pullRequests, issues, issueComments, reviewComments, commitComments, releases];
/** GitHub's counts come before all else, so that rows can only be more than they. The lists need nothing of each other. */
const turnOf = (stream: Stream): number => (stream === totals ? 0 : 1);
/** A heartbeat this old still tells where streams that begin now may begin. */
const HEARTBEAT_LASTS_MS = 60_000;
/** A read hands back after this, well within the two hours an activity may take; the next one goes on at once. */
const READ_FOR_MS = 60 * 60_000;
/** A list whose cursors are refused again and again can't be read. */
const MOST_RESTARTS = 3;

/**
 * GitHub's API as a source of contributions: the truth, complete. A slice is a stream (commits, pull requests …); its cursor is
 * where each of its lanes stands. Long rate limits end a read with `resumeAt`; what can't heal is an AppError
 * (repository_not_found, repository_private, unavailable_for_legal_reasons, bad_credentials, github_access_denied,
 * app_not_installed); anything else thrown may heal.
 */
export function createGithubSource(options: GithubSourceOptions): ContributionSource {
  const { tokens, apiUrl, width = 4, allowPrivate = false, retries = 3, secondMs = 1000 } = options;
  const client = new GithubClient({ ...options, tokens });
  const log: SourceLog = options.log ?? { info: () => undefined, warn: () => undefined };
  const commitAccountOf = createCommitAccounts(apiUrl);
  const pageSize = { commits: 100, pullRequests: 50, others: 100, ...options.pageSize };
  const heartbeats = new Map<string, { readonly at: number; readonly heartbeat: Heartbeat }>();

  const keyOf = ({ owner, name, githubId }: ScrapeTarget): string => `${githubId ?? ''} ${owner}/${name}`.toLowerCase();
  const freshHeartbeat = async (target: ScrapeTarget, signal: AbortSignal): Promise<Heartbeat> => {
    const heartbeat = await takeHeartbeat(client, target, { allowPrivate, signal });
    for (const [key, { at }] of heartbeats) if (Date.now() - at > HEARTBEAT_LASTS_MS) heartbeats.delete(key);
    heartbeats.set(keyOf(target), { at: Date.now(), heartbeat });
    return heartbeat;
  };
  const recentHeartbeat = (target: ScrapeTarget, signal: AbortSignal): Promise<Heartbeat> => {
    const known = heartbeats.get(keyOf(target));
    return known !== undefined && Date.now() - known.at <= HEARTBEAT_LASTS_MS
      ? Promise.resolve(known.heartbeat)
      : freshHeartbeat(target, signal);
  };

  const readingOf = (target: ScrapeTarget, stream: Stream, now: Heartbeat, signal: AbortSignal): Reading => {
    const previous = target.previous?.[stream.name];
    const since = mayGoOnFrom(previous, target, now.repository.nodeId) ? (previous as SliceCursor) : null;
    const patience = { retries, secondMs };
    return { target, now, github: client.about(now.repository), signal, log, pageSize, width, patience, commitAccountOf, since };
  };

  return {
    name: 'github',

    async plan(target) {
      const slices = STREAMS.map((stream) => ({ source: 'github' as const, slice: stream.name, turn: turnOf(stream) }));
      const { signal } = new AbortController();
      // A job asks anew: GitHub has refused good tokens for some minutes, and nobody wants to restart a worker for that.
      client.forgetRefusals();
      try {
        const now = await freshHeartbeat(target, signal);
        const { repository } = now;
        const common = { slices, githubId: repository.githubId, repository };
        if (STREAMS.some(({ name }) => mayGoOnFrom(target.previous?.[name], target, repository.nodeId))) {
          return { ...common, total: null, unit: 'contributions', note: 'GitHub: what changed since the last scrape', estimate: null };
        }
        const extent = await measureExtent(client, target, now, signal);
        const estimate = estimateFull(extent, width, { graphql: client.quota('graphql'), core: client.quota('core') });
        const note = describeEstimate(estimate, client.quota('graphql'));
        return { ...common, total: contributionsIn(extent), unit: 'contributions', note, estimate };
      } catch (error) {
        // Neither keeps from reading: a slice says itself how long it has to wait.
        if (error instanceof GithubWait)
          return unmeasured(`GitHub: not measured, its rate limit is used up until ${error.until.toISOString()}`);
        if (error instanceof PageTooLarge) return unmeasured('GitHub: too large to be measured beforehand');
        throw error;
      }

      function unmeasured(note: string): SourcePlan {
        return { slices, githubId: null, repository: null, total: null, unit: 'contributions', note, estimate: null };
      }
    },

    async *read(target, slice, given, signal) {
      const stream = STREAMS.find(({ name }) => name === slice);
      if (stream === undefined) throw new RangeError(`The GitHub source has no slice "${slice}"`);
      const began = performance.now();
      let cursor = given !== null && given['v'] === 1 ? given : null;
      try {
        for (let restarts = 0; ; restarts += 1) {
          const now = restarts === 0 ? await recentHeartbeat(target, signal) : await freshHeartbeat(target, signal);
          // Deleted and made again under its name: what the cursor stands in is gone.
          const isOfAnother = cursor !== null && 'repository' in cursor && cursor['repository'] !== now.repository.nodeId;
          try {
            if (isOfAnother) throw new CursorRefused('it belongs to another repository');
            for await (const batch of stream.read(readingOf(target, stream, now, signal), cursor)) {
              ({ cursor } = batch);
              if (!batch.done && performance.now() - began > READ_FOR_MS) {
                yield { ...batch, resumeAt: new Date() };
                return;
              }
              yield batch.done ? finished(target, stream, batch) : batch;
            }
            return;
          } catch (error) {
            if (!(error instanceof CursorRefused)) throw error;
            if (restarts === MOST_RESTARTS)
              throw new GithubUnavailable(stream.name, `its place in the list is refused: ${error.message}`, error);
            log.warn('GitHub refuses a place in a list: it is read again', { slice, reason: error.message });
            cursor = null;
            yield { contributions: [], pullRequests: [], cursor: {}, done: false, restarted: stream.forgets };
          }
        }
      } catch (error) {
        if (!(error instanceof GithubWait)) throw error;
        yield { contributions: [], pullRequests: [], cursor: cursor ?? {}, done: false, resumeAt: error.until };
      }
    },
  };
}

/** The last batch of a slice. One with gaps gives no place to go on from: the next refresh reads the stream again, and may close them. */
function finished({ window }: ScrapeTarget, { covers }: Stream, { gaps = [], watermark, ...batch }: StreamBatch): Batch {
  const covered = covers.map((kind): CoveredRange => {
    const note = gaps.find((gap) => gap.kind === null || gap.kind === kind)?.reason ?? null;
    return { kind, since: window.since, until: window.until, state: note === null ? 'complete' : 'degraded', note };
  });
  return { ...batch, ...(watermark === undefined || gaps.length > 0 ? {} : { watermark }), coverage: { covered, gaps } };
}
