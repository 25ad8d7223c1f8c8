import { isReachable } from '../../db/database.ts';
import { pendingMigrations } from '../../db/migrate.ts';
import { removeSample } from '../../db/sample.ts';
import { AppError } from '../../domain/errors.ts';
import { CONTRACT } from '../contract.ts';
import type { ApiDeps } from '../deps.ts';
import { within } from '../deadline.ts';
import type { Handlers } from '../routing.ts';

const CHECK_DEADLINE_MS = 2_000;

/** Health, readiness, the index and the sample. */
export function systemHandlers(
  deps: ApiDeps,
): Pick<Handlers, 'getIndex' | 'getHealth' | 'getReadiness' | 'deleteSample' | 'recalculateBoards'> {
  const { db, engine, log, instance, temporalUiUrl } = deps;

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
      if (database && migrations === 'ok' && temporal) {
        return { status: 200, body: { status: 'ready', checks: { database: 'ok', migrations: 'ok', temporal: 'ok' } } };
      }
      const checks = { database: database ? 'ok' : 'unreachable', migrations, temporal: temporal ? 'ok' : 'unreachable' };
      const missing = Object.entries(checks).flatMap(([check, state]) => (state === 'ok' ? [] : [`${check} ${state}`]));
      throw new AppError('not_ready', 503, `Not ready: ${missing.join('; ')}.`, { checks });
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
