import { access, mkdir, realpath, rm, statfs, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import type { Config } from '../../config.ts';
import { canEnter, chooseAccount } from '../../embedded/postgres-account.ts';
import { isCurrent } from '../current-node.ts';
import { answeringUrl } from '../stack.ts';
import { broken, ok, weak, type Check } from './finding.ts';

const GIB = 1024 ** 3;
const NEEDED_BYTES = 1 * GIB;

/** Node, the data directory, its disk, the port. */
export function machineChecks(config: Config, say: (line: string) => void): readonly Check[] {
  const { dataDir, http } = config;
  return [
    {
      name: 'Node',
      fix: 'npm install',
      run: async () => {
        const version = process.versions.node;
        return isCurrent(version) ? ok(version) : broken(version, 'Laurels needs Node 24: run npm install, then npm start');
      },
    },
    {
      name: 'Data directory',
      fix: 'set DATA_DIR to a directory that can be written',
      run: async () => {
        const made = await mkdir(dataDir, { recursive: true, mode: 0o711 });
        const probe = join(dataDir, `.doctor-${process.pid}`);
        await writeFile(probe, 'written by laurels doctor');
        await rm(probe);
        const account = config.databaseUrl === null ? await chooseAccount(say) : null;
        const enterable = canEnter(account, dataDir);
        if (made !== undefined) await rm(made, { recursive: true });
        if (enterable) return ok(`${dataDir} can be written`);
        return weak(
          `${dataDir} can be written, but the account ${account?.name ?? ''} that PostgreSQL runs as can't enter it: its database goes to /var/lib/laurels`,
          "set DATA_DIR to a directory outside of root's home",
        );
      },
    },
    {
      name: 'Disk',
      fix: 'set DATA_DIR to a directory that exists',
      run: async () => {
        const { bavail, bsize } = await statfs(await nearest(dataDir));
        const free = bavail * bsize;
        const found = `${(free / GIB).toFixed(1)} GiB free`;
        return free >= NEEDED_BYTES ? ok(found) : broken(found, 'make room: at least 1 GiB');
      },
    },
    {
      name: 'Port',
      fix: 'set PORT to a free one',
      run: async () => {
        const url = await answeringUrl(dataDir);
        if (url !== null) return ok(`Laurels runs at ${url}`);
        if (await isFree(http.host, http.port)) return ok(`${http.host}:${http.port} is free`);
        return weak(
          `${http.host}:${http.port} is taken by another program`,
          'without PORT, npm start takes the next free one; with PORT, choose another',
        );
      },
    },
  ];
}

/** The directory itself, or the nearest one above it that exists. */
async function nearest(directory: string): Promise<string> {
  try {
    await access(directory);
    return await realpath(directory);
  } catch {
    return dirname(directory) === directory ? directory : await nearest(dirname(directory));
  }
}

async function isFree(host: string, port: number): Promise<boolean> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port, exclusive: true }, resolve);
    });
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
