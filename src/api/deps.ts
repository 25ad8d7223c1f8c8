import type { Request, RequestHandler } from 'express';
import type { Database } from '../db/database.ts';
import type { OptOutKey } from '../db/opt-out-key.ts';
import type { RepositoryName } from '../domain/repository-name.ts';
import type { Logger } from '../log/logger.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { ContributionSource } from '../sources/contribution-source.ts';
import type { FetchedAvatar } from '../sources/github/avatars.ts';
import type { RepositoryLookup } from '../sources/github/repository-facts.ts';
import type { Engine } from '../temporal/engine.ts';
import type { EngineWatch } from './engine-watch.ts';
import type { EventLoopWatch } from './event-loop-watch.ts';
import type { GateOptions } from './gate.ts';

/** What the API asks of Temporal. */
export type ApiEngine = Pick<
  Engine,
  'startJob' | 'cancelJob' | 'liveStatus' | 'requestRecalculation' | 'isReachable' | 'workersSeenAt' | 'workflowUrl'
>;

/** What the API works with; an entry file builds it. */
export interface ApiDeps {
  readonly db: Database;
  readonly engine: ApiEngine;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Makes a span of each request, named by its template; absent: nothing is traced. */
  readonly requestSpans?: (routeOf: (request: Request) => string) => RequestHandler;
  /** Names this process tree; /healthz answers it, so that a client knows whom it talks to. */
  readonly instance: string;
  /** The sources a scrape can use now, preferred first. Asked at each request: an import makes the archive available. */
  readonly availableSources: () => readonly ContributionSource[];
  /** Those of them that a scrape uses when the request names none. */
  readonly preferredSources: () => readonly ContributionSource[];
  /** What BigQuery may cost here. */
  readonly bigquery: {
    readonly isConfigured: boolean;
    /** Null: no budget is set. */
    readonly monthlyBytes: number | null;
    /** USD. */
    readonly pricePerTib: number;
  };
  /** What GitHub says about a name. */
  readonly lookUpRepository: (name: RepositoryName) => Promise<RepositoryLookup>;
  /** Private repositories may be added. */
  readonly allowPrivate: boolean;
  /** Who may reach it, and how. */
  readonly gate: GateOptions;
  /** The picture of an account, from the one host it may come from. */
  readonly fetchAvatar: (githubId: number) => Promise<FetchedAvatar>;
  /** Where contributions can be looked at: `https://github.com`. */
  readonly githubWebUrl: string;
  /** Where Temporal's Web UI is; shown under /temporal. Null: not shown. */
  readonly temporalUiUrl: string | null;
  readonly maxConcurrentScrapes: number;
  /** Stands behind the hashes of hidden and erased people. */
  readonly optOutKey: OptOutKey;
  /** Whether GitHub can be asked about people: a token is configured. */
  readonly canEnrich: boolean;
}

/** What watches besides, while the API runs. */
export interface Watches {
  readonly engineWatch: EngineWatch;
  readonly eventLoopWatch: EventLoopWatch;
}
