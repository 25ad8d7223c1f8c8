import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROJECT = fileURLToPath(new URL('../../', import.meta.url));

/** Whether the dashboard was built: `npm ci` does it, unless install scripts are switched off. */
function isBuilt(): boolean {
  return existsSync(join(PROJECT, 'web/dist/index.html'));
}

/**
 * Builds the dashboard where `npm ci` has not, and says so: it takes some seconds. A failure is said and leaves the rest
 * running, since all but the page works without it.
 */
export async function ensureDashboard(say: (line: string) => void): Promise<void> {
  if (isBuilt()) return;
  const vite = join(PROJECT, 'node_modules/vite/bin/vite.js');
  if (!existsSync(vite)) {
    say('The dashboard is not built, and Vite is not installed: run "npm ci" with development packages, or bring web/dist along.');
    return;
  }
  say('Building the dashboard, once …');
  const child = spawn(process.execPath, [vite, 'build', 'web', '--logLevel', 'warn'], {
    cwd: PROJECT,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let problem = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (problem += text));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) say(`The dashboard could not be built; all else works. "npm run build" shows why: ${problem.slice(0, 500)}`);
}
