import { fileURLToPath } from 'node:url';
import { DefaultLogger, bundleWorkflowCode } from '@temporalio/worker';

/* A process of its own (see workflow-bundle.ts): writes the bundle of the workflows to stdout and ends. */

const { code } = await bundleWorkflowCode({
  workflowsPath: fileURLToPath(new URL('../workflows/index.ts', import.meta.url)),
  workflowInterceptorModules: process.argv.slice(2),
  logger: new DefaultLogger('WARN'), // to stderr
});
process.stdout.write(code);
