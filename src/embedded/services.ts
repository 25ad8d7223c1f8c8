import { startEmbeddedPostgres } from './postgres.ts';
import { findTemporal } from './temporal-binary.ts';
import { startEmbeddedTemporal } from './temporal.ts';

/** The database of the embedded PostgreSQL that Laurels uses. */
export const DATABASE_NAME = 'laurels';

/** PostgreSQL and Temporal as this process has them: as children, or as servers of somebody's own. */
export interface EmbeddedServices {
  readonly databaseUrl: string;
  /** host:port of Temporal's gRPC service. */
  readonly temporalAddress: string;
  /** The embedded Web UI, below `/temporal`, for a proxy that checks Host and Origin; null: none, or not ours. */
  readonly temporalUiUrl: string | null;
  /** Resolves when a child ended and can't be kept running: which one and why. Never resolves after stop(). */
  readonly failed: Promise<Error>;
  /** Ends Temporal, then PostgreSQL. Idempotent. */
  stop(): Promise<void>;
  /** Ends them at once, without waiting: for a process that is about to exit. Nothing that was committed is lost. */
  kill(): void;
}

/** What to start, and where. */
export interface EmbeddedOptions {
  /** Claimed by the caller (claimDataDirectory). */
  readonly dataDir: string;
  /** A server of one's own instead of the embedded PostgreSQL. */
  readonly databaseUrl: string | null;
  /** A server of one's own instead of the embedded Temporal, host:port. */
  readonly temporalAddress: string | null;
  /** Path of a Temporal CLI to use instead of a found or fetched one. */
  readonly temporalCli: string | null;
  readonly webUi: boolean;
  /** True: any free ports, not the usual ones. */
  readonly freePorts?: boolean;
  readonly say: (line: string) => void;
}

interface Service {
  readonly failed: Promise<Error>;
  stop(): Promise<void>;
}

function portsOf({ freePorts = false }: EmbeddedOptions): { readonly preferredPort?: number } {
  return freePorts ? { preferredPort: 0 } : {};
}

async function startTemporal(o: EmbeddedOptions) {
  const { path } = await findTemporal({ given: o.temporalCli, say: o.say });
  return startEmbeddedTemporal({ dataDir: o.dataDir, binary: path, webUi: o.webUi, say: o.say, ...portsOf(o) });
}

/**
 * Starts what is not given, both at once, and waits until both are ready.
 * @throws AppError of the one that did not start; the other one is stopped by then.
 */
export async function startEmbedded(o: EmbeddedOptions): Promise<EmbeddedServices> {
  const starts = [
    o.temporalAddress === null ? startTemporal(o) : Promise.resolve(null),
    o.databaseUrl === null
      ? startEmbeddedPostgres({ dataDir: o.dataDir, database: DATABASE_NAME, say: o.say, ...portsOf(o) })
      : Promise.resolve(null),
  ] as const;
  const [temporal, postgres] = await Promise.all(starts).catch(async (error: unknown) => {
    for (const start of starts) await start.then((service: Service | null) => service?.stop()).catch(() => undefined);
    throw error;
  });
  const running = [temporal, postgres].filter((service) => service !== null);
  let stopped: Promise<void> | null = null;
  let hasEnded = false;
  return {
    databaseUrl: o.databaseUrl ?? postgres?.url ?? '',
    temporalAddress: o.temporalAddress ?? temporal?.address ?? '',
    temporalUiUrl: temporal?.uiUrl ?? null,
    failed: running.length === 0 ? new Promise(() => undefined) : Promise.race(running.map((service) => service.failed)),
    stop() {
      stopped ??= (async () => {
        for (const service of running) await service.stop();
        hasEnded = true;
      })();
      return stopped;
    },
    kill() {
      // Their ids may belong to others by now.
      if (hasEnded) return;
      if (temporal !== null) signal(temporal.pid(), 'SIGKILL');
      // PostgreSQL's immediate shutdown: its own children end with it.
      if (postgres !== null) signal(postgres.pid(), 'SIGQUIT');
    },
  };
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended already.
  }
}
