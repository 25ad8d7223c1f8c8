import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { AppError } from '../domain/errors.ts';

/** The workflow code as workers run it. */
export interface WorkflowBundle {
  readonly code: string;
}

/** Several times what it is: the SDK makes most of its 1.7 MB. */
const MOST_BYTES = 64 * 1024 * 1024;

/**
 * Makes the bundle from the `.ts` files; takes about 1.5 seconds. Another process does it: the bundler would leave 150 MB in this one.
 * `interceptorModules`: paths of modules that go into it besides (those of tracing triple its size).
 * @throws Error with what the bundler said, such as a workflow that imports what workflows may not.
 */
export async function bundleWorkflows(interceptorModules: readonly string[] = []): Promise<WorkflowBundle> {
  const script = fileURLToPath(new URL('./bundle-process.ts', import.meta.url));
  // Without this process's environment: it holds secrets, and the bundler needs nothing of it.
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...interceptorModules], { maxBuffer: MOST_BYTES, env: {} });
  return { code: stdout };
}

/**
 * The bundle that `bundle-process.ts` wrote to a file, of this release, or one that is made now. Interceptors are part of the code: with
 * them it is always made. @throws AppError `workflow_bundle_unreadable`
 */
export async function workflowBundleOf(path: string | null, interceptorModules: readonly string[] = []): Promise<WorkflowBundle> {
  if (path === null || interceptorModules.length > 0) return await bundleWorkflows(interceptorModules);
  const code = await readFile(path, 'utf8').catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AppError('workflow_bundle_unreadable', 500, `WORKFLOW_BUNDLE can't be read: ${reason}`, {}, { cause: error });
  });
  return { code };
}
