import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Client as TemporalClient, Connection } from '@temporalio/client';
import { Client } from 'pg';
import { claimDataDirectory } from '../../src/embedded/data-directory.ts';
import { listProcesses } from '../../src/embedded/process-table.ts';
import { type EmbeddedServices, startEmbedded } from '../../src/embedded/services.ts';
import { startHolder } from './holder-process.ts';
import { temporaryDirectories, until } from './temporary-directory.ts';

const temporaryDirectory = temporaryDirectories();

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client(url);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

async function withTemporal<T>(address: string, work: (client: TemporalClient) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address });
  try {
    return await work(new TemporalClient({ connection }));
  } finally {
    await connection.close();
  }
}

/** Processes whose command line names the directory, the holder itself left out. */
async function childrenOf(dataDir: string): Promise<readonly number[]> {
  return (await listProcesses())
    .filter(({ command }) => command.includes(dataDir) && !command.includes('stack-holder'))
    .map(({ pid }) => pid);
}

function start(dataDir: string, o: Partial<Parameters<typeof startEmbedded>[0]> = {}): Promise<EmbeddedServices> {
  return startEmbedded({
    dataDir,
    databaseUrl: null,
    temporalAddress: null,
    temporalCli: process.env['TEMPORAL_CLI'] ?? null,
    webUi: false,
    say: () => undefined,
    ...o,
  });
}

describe('the services of a data directory', () => {
  const dataDir = temporaryDirectory();

  test('a second process is refused with the id of the first one, whose SIGKILL leaves data that the next start has', async () => {
    const holder = await startHolder(dataDir);
    await expect(claimDataDirectory(dataDir)).rejects.toThrow(`Another Laurels (pid ${holder.pid}) already uses`);
    await query(holder.databaseUrl, 'create table kept as select 42 as value');
    await withTemporal(holder.temporalAddress, (client) => client.workflow.start('nothing', { taskQueue: 'nobody', workflowId: 'kept' }));
    const orphans = await childrenOf(dataDir);
    expect(orphans).toHaveLength(2);
    holder.process.kill('SIGKILL');
    await once(holder.process, 'close');

    const claim = await claimDataDirectory(dataDir);
    const said: string[] = [];
    const services = await start(dataDir, { say: (line) => said.push(line) });
    // Somebody's Laurels may have the ports that are preferred.
    const found = said.filter((line) => !line.startsWith('Port '));
    expect(found).toHaveLength(2);
    for (const line of found)
      expect(line).toMatch(/^Found (Temporal|PostgreSQL) \(pid \d+\) of an earlier run that was killed: shutting it down\.$/);
    expect((await childrenOf(dataDir)).filter((pid) => orphans.includes(pid))).toEqual([]);
    expect(await query(services.databaseUrl, 'select value from kept')).toEqual([{ value: 42 }]);
    const { status } = await withTemporal(services.temporalAddress, (client) => client.workflow.getHandle('kept').describe());
    expect(status.name).toBe('RUNNING');
    await Promise.all([services.stop(), services.stop()]);
    await claim.release();
    expect(await childrenOf(dataDir)).toEqual([]);
  });

  test('SIGTERM of the process that owns them stops both and gives the directory back', async () => {
    const holder = await startHolder(dataDir);
    holder.process.kill('SIGTERM');
    expect(await once(holder.process, 'close')).toEqual([0, null]);
    expect(await childrenOf(dataDir)).toEqual([]);
    expect(existsSync(join(dataDir, 'laurels.lock'))).toBe(false);
  });

  test('a process that just exits tells its children to stop', async () => {
    const holder = await startHolder(dataDir);
    holder.process.kill('SIGUSR2');
    await once(holder.process, 'close');
    await until('no child lives', async () => (await childrenOf(dataDir)).length === 0);
  });

  test('when one of the two does not start, the other one is stopped and the error says why', async () => {
    await expect(start(dataDir, { temporalCli: '/bin/false' })).rejects.toMatchObject({ code: 'temporal_start' });
    await expect(start(dataDir, { temporalCli: '/not/there' })).rejects.toMatchObject({ code: 'temporal_cli' });
    expect(await childrenOf(dataDir)).toEqual([]);
  });

  test('servers of your own are used instead, and nothing is started or written', async () => {
    const untouched = join(temporaryDirectory(), 'data');
    const services = await start(untouched, { databaseUrl: 'postgresql://db.example/laurels', temporalAddress: 'temporal.example:7233' });
    expect(services).toMatchObject({
      databaseUrl: 'postgresql://db.example/laurels',
      temporalAddress: 'temporal.example:7233',
      temporalUiUrl: null,
    });
    await services.stop();
    expect(existsSync(untouched)).toBe(false);
  });
});
