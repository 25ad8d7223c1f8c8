import { claimDataDirectory } from '../../src/embedded/data-directory.ts';
import { startEmbedded } from '../../src/embedded/services.ts';

/*
 * A process that owns the services of a data directory, for tests that kill it: `node stack-holder.ts DATA_DIR [TEMPORAL_ADDRESS]`.
 * Writes one line of JSON when they are ready; SIGTERM stops them in order, SIGUSR2 exits without a word to anybody.
 */
const dataDir = process.argv[2] ?? '';
try {
  const claim = await claimDataDirectory(dataDir);
  const services = await startEmbedded({
    dataDir,
    databaseUrl: null,
    temporalAddress: process.argv[3] ?? null,
    temporalCli: null,
    webUi: false,
    say: () => undefined,
  });
  const alive = setInterval(() => undefined, 60_000);
  process.once('SIGUSR2', () => process.exit(7));
  process.once('SIGTERM', () => {
    void (async () => {
      await services.stop();
      await claim.release();
      clearInterval(alive);
    })();
  });
  console.log(JSON.stringify({ databaseUrl: services.databaseUrl, temporalAddress: services.temporalAddress }));
} catch (error) {
  console.log(JSON.stringify({ error: error instanceof Error ? error.message : String(error) }));
  process.exit(1);
}
