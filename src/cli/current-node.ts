import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/*
 * Entry files import this before anything else: what they import needs Node 24, which `npm install` brings as a package. Where
 * the system's Node is older, the process becomes that one.
 */

const NEEDED = 24;
const PACKAGES = fileURLToPath(new URL('../../node_modules/', import.meta.url));

/** The Node that `npm install` has brought; null where none fits this machine. */
export function installedNode(packages: string): string | null {
  const names = ((): readonly string[] => {
    try {
      return readdirSync(packages).filter((name) => /^node-(?:bin-)?(?:linux|darwin|win)-/.test(name));
    } catch {
      return [];
    }
  })();
  for (const name of names) {
    const executable = process.platform === 'win32' ? 'node.exe' : 'node';
    if (readdirSync(packages + name).includes('bin') && readdirSync(join(packages, name, 'bin')).includes(executable)) {
      return join(packages, name, 'bin', executable);
    }
  }
  return null;
}

/** Whether this version, `24.21.0`, runs Laurels. */
export function isCurrent(version: string): boolean {
  return Number.parseInt(version, 10) >= NEEDED;
}

if (!isCurrent(process.versions.node)) {
  const node = installedNode(PACKAGES);
  if (node === null || process.execve === undefined) {
    process.stderr.write(
      `Laurels needs Node ${NEEDED}, this is ${process.versions.node}. Run it by npm, which brings one: npm install, npm start.\n`,
    );
    process.exit(1);
  }
  process.stderr.write(`Node ${process.versions.node} is older than ${NEEDED}; using ${node}\n`);
  process.execve(node, [node, ...process.execArgv, ...process.argv.slice(1)]);
}
