import { runToEnd } from '../../src/embedded/child-process.ts';
import { installPython } from '../python/virtual-environment.ts';

/** The newest release, and the oldest one that knows everything the manifests use (`preStop.sleep`). */
const VERSIONS = ['1.30', '1.37'] as const;

/** Installs kubernetes-validate where it is not yet. @returns its Python. @throws Error with what failed and what to do. */
export function installKubernetesSchema(): Promise<string> {
  return installPython('kubernetes-validate', new URL('requirements.txt', import.meta.url).pathname);
}

/**
 * Holds manifests against the official schemas of Kubernetes' API, where a field that is not described is an error.
 * @returns what is wrong, line by line; empty when nothing is.
 */
export async function problemsOf(files: readonly string[]): Promise<readonly string[]> {
  const versions = VERSIONS.flatMap((version) => ['--kubernetes-version', version]);
  const end = await runToEnd({
    name: 'kubernetes-validate',
    command: await installKubernetesSchema(),
    args: ['-m', 'kubernetes_validate', '--strict', '--no-warn', ...versions, ...files],
    cwd: '/',
    env: { PATH: process.env['PATH'] ?? '' },
    account: null,
    timeoutMs: 120_000,
  });
  const said = end.output.split('\n').filter((line) => line.trim() !== '');
  const problems = said.filter((line) => !/^INFO \S+ passed for resource /.test(line));
  if (end.code === 0 && said.length === 0) throw new Error('kubernetes-validate looked at nothing');
  return end.code === 0 || problems.length > 0 ? problems : said;
}
