import { isReachable } from '../../db/database.ts';
import { pendingMigrations } from '../../db/migrate.ts';
import { removeSample } from '../../db/sample.ts';
import { AppError } from '../../domain/errors.ts';
import { CONTRACT } from '../contract.ts';
import type { ApiDeps, Watches } from '../deps.ts';
import { within } from '../deadline.ts';
import { SENT, type Handlers } from '../routing.ts';

const CHECK_DEADLINE_MS = 2_000;
const ALL_OK = { database: 'ok', migrations: 'ok', temporal: 'ok', event_loop: 'ok' } as const;

/** Health, readiness, metrics, the index and the sample. */
export function systemHandlers(
  deps: ApiDeps,
  { eventLoopWatch }: Watches,
): Pick<Handlers, 'getIndex' | 'getHealth' | 'getReadiness' | 'getMetrics' | 'deleteSample' | 'recalculateBoards'> {
  const { db, engine, log, metrics, instance, temporalUiUrl, gate } = deps;

  const migrationsState = async (): Promise<string> => {
    const pending = await pendingMigrations(db);
    return pending.length === 0 ? 'ok' : `pending: ${pending.join(', ')} (run: laurels migrate)`;
  };

  return {
    async getIndex() {
      const links = {
        repositories: CONTRACT.listRepositories.path,
        global_leaderboard: CONTRACT.getGlobalBoard.path,
        jobs: CONTRACT.listJobs.path,
        scoring: CONTRACT.getScoring.path,
        docs: '/docs',
        openapi: CONTRACT.getOpenApi.path,
        health: CONTRACT.getHealth.path,
        readiness: CONTRACT.getReadiness.path,
        metrics: CONTRACT.getMetrics.path,
        ...(temporalUiUrl === null ? {} : { temporal: '/temporal' }),
      };
      return { status: 200, body: { name: 'Laurels', links } };
    },

    async getHealth() {
      return { status: 200, body: { status: 'ok', instance } };
    },

    async getReadiness() {
      const [database, migrations, temporal] = await Promise.all([
        within(CHECK_DEADLINE_MS, isReachable(db), false),
        within(CHECK_DEADLINE_MS, migrationsState(), 'unknown'),
        within(CHECK_DEADLINE_MS, engine.isReachable(), false),
      ]);
      const blockedMs = eventLoopWatch.blockedMs();
      const checks = {
        database: database ? 'ok' : 'unreachable',
        migrations,
        temporal: temporal ? 'ok' : 'unreachable',
        event_loop: blockedMs === null ? 'ok' : `blocked for ${(blockedMs / 1000).toFixed(1)} s`,
      };
      const missing = Object.entries(checks).filter(([, state]) => state !== 'ok');
      if (missing.length === 0) return { status: 200, body: { status: 'ready', checks: ALL_OK } };
      // Strangers learn which check fails, not what the inside looks like.
      if (gate.isExposed) {
        const told = Object.fromEntries(Object.entries(checks).map(([check, state]) => [check, state === 'ok' ? 'ok' : 'failed']));
        throw new AppError('not_ready', 503, `Not ready: ${missing.map(([check]) => check).join(', ')}.`, { checks: told });
      }
      throw new AppError('not_ready', 503, `Not ready: ${missing.map((check) => check.join(' ')).join('; ')}.`, { checks });
    },

    async getMetrics(_, { response }) {
      const { contentType, text } = await metrics.exposition();
      response.status(200).set('Content-Type', contentType).send(text);
      return SENT;
    },

    async deleteSample() {
      if (
        (await removeSample(db)) > 0 &&
        !(await within(
          CHECK_DEADLINE_MS,
          engine.requestRecalculation().then(() => true),
          false,
        ))
      ) {
        log.warn('recalculation not requested');
      }
      return { status: 204 };
    },

    async recalculateBoards() {
      await engine.requestRecalculation();
      return { status: 202, body: { status: 'requested' } };
    },
  };
}
