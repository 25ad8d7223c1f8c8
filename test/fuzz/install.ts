/** `node test/fuzz/install.ts`: installs Schemathesis, as the first test that needs it would. For .ci/run. */
import { installSchemathesis } from './schemathesis.ts';

console.log(`Schemathesis is installed: ${await installSchemathesis()}`);
