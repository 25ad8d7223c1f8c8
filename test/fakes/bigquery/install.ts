/** `node test/fakes/bigquery/install.ts`: installs the emulator, as the first test that needs it would. For .ci/run. */
import { installEmulator } from './python.ts';

const { command } = await installEmulator();
console.log(`The BigQuery emulator is installed: ${command}`);
