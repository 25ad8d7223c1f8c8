import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/embedded/postgres.ts';
import { chooseAccount } from '../../src/embedded/postgres-account.ts';
import { isAlive, listProcesses } from '../../src/embedded/process-table.ts';
import { startHolder } from './holder-process.ts';
import { temporaryDirectories, until } from './temporary-directory.ts';

const temporaryDirectory = temporaryDirectories();
const isRoot = process.getuid?.() === 0;
const testIfRoot = isRoot ? test : test.skip;

async function ask<T>(url: string, sql: string): Promise<T[]> {
  const client = new Client(url);
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows as T[];
  } finally {
    await client.end();
  }
}

/** Starts on a data directory, works, stops; gives what was said. */
async function running(
  dataDir: string,
  work: (postgres: EmbeddedPostgres) => Promise<void> = async () => undefined,
  o: { readonly preferredPort?: number } = {},
): Promise<readonly string[]> {
  const said: string[] = [];
  const postgres = await startEmbeddedPostgres({
    dataDir,
    database: 'laurels',
    durable: false,
    preferredPort: 0,
    firstWaitMs: 10,
    say: (line) => said.push(line),
    ...o,
  });
  try {
    await work(postgres);
  } finally {
    await postgres.stop();
  }
  expect(await isAlive(postgres.pid())).toBe(false);
  return said;
}

/** A data directory whose table `kept` has one row: a copy of one that is made once. */
const filled = (() => {
  let template: Promise<string> | null = null;
  const make = async (): Promise<string> => {
    const dataDir = temporaryDirectory();
    await running(dataDir, async ({ url }) => {
      await ask(url, 'create table kept as select 42 as value');
    });
    return dataDir;
  };
  return async (): Promise<string> => {
    template ??= make();
    const dataDir = temporaryDirectory();
    execFileSync('cp', ['-a', `${await template}/.`, dataDir]);
    return dataDir;
  };
})();

async function expectKept({ url }: EmbeddedPostgres): Promise<void> {
  expect(await ask(url, 'select value from kept')).toEqual([{ value: 42 }]);
}

describe('a new cluster', () => {
  test('A139: listens on 127.0.0.1 only, wants its password, keeps it to itself, and sorts by code point in UTF-8', async () => {
    const dataDir = temporaryDirectory();
    await running(dataDir, async ({ url, port }) => {
      const [facts] = await ask(
        url,
        `select current_setting('server_encoding') as encoding, current_setting('listen_addresses') as addresses,
                current_setting('unix_socket_directories') as sockets, current_setting('timezone') as zone,
                'Z' < 'a' as by_code_point, lower('ÄB') as lower`,
      );
      expect(facts).toEqual({ encoding: 'UTF8', addresses: '127.0.0.1', sockets: '', zone: 'UTC', by_code_point: true, lower: 'äb' });
      const wrong = new URL(url);
      wrong.password = 'wrong';
      await expect(ask(wrong.href, 'select 1')).rejects.toThrow(/password authentication failed/);
      if (process.platform === 'linux') {
        const sockets = readFileSync('/proc/net/tcp', 'utf8') + readFileSync('/proc/net/tcp6', 'utf8');
        const ours = sockets.split('\n').filter((line) => line.includes(`:${port.toString(16).toUpperCase()} `) && line.includes(' 0A '));
        expect(ours.map((line) => line.trim().split(/\s+/)[1]?.split(':')[0])).toEqual(['0100007F']);
      }
    });
    expect(statSync(join(dataDir, 'postgres-password')).mode & 0o777).toBe(0o600);
    expect(statSync(join(dataDir, 'postgres')).mode & 0o777).toBe(0o700);
  });

  test('a second start keeps its rows', async () => {
    expect(await running(await filled(), expectKept)).toEqual([]);
  });
});

describe('what a crash leaves', () => {
  test('a postmaster.pid that names nobody, another program, or nothing at all does not stop the start', async () => {
    const dataDir = await filled();
    const file = join(dataDir, 'postgres', 'postmaster.pid');
    const account = await chooseAccount(() => undefined);
    // As PostgreSQL's own account: only then would PostgreSQL itself be misled.
    const sleeper = spawn('sleep', ['60'], account === null ? {} : { uid: account.uid, gid: account.gid });
    const dead = spawn('true');
    await once(dead, 'close');
    try {
      const lines = (pid: number) => `${pid}\n${dirname(file)}\n1700000000\n5432\n\n127.0.0.1\n  12345 678\nready   \n`;
      for (const content of [lines(dead.pid ?? 0), lines(sleeper.pid ?? 0), lines(process.pid), '', 'garbage\n']) {
        writeFileSync(file, content);
        await running(dataDir, expectKept);
      }
      expect(await isAlive(sleeper.pid ?? 0)).toBe(true);
    } finally {
      sleeper.kill();
    }
  });

  test('a server killed by the system is started again on its port with its rows', async () => {
    const said = await running(await filled(), async (postgres) => {
      const first = postgres.pid();
      process.kill(first, 'SIGKILL');
      await until('another server runs', () => postgres.pid() !== first);
      await until('it answers', () =>
        ask(postgres.url, 'select 1').then(
          () => true,
          () => false,
        ),
      );
      await expectKept(postgres);
    });
    expect(said).toEqual(['PostgreSQL stopped (signal SIGKILL).', 'PostgreSQL runs again.']);
  });

  test('a server whose parent was killed is shut down before the next start, and its rows are kept', async () => {
    const dataDir = await filled();
    const holder = await startHolder(dataDir, { temporalAddress: '127.0.0.1:1' });
    const orphan = Number(readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
    holder.process.kill('SIGKILL');
    await once(holder.process, 'close');
    expect(await isAlive(orphan)).toBe(true);
    const said = await running(dataDir, expectKept);
    expect(said).toEqual([`Found PostgreSQL (pid ${orphan}) of an earlier run that was killed: shutting it down.`]);
    expect(await isAlive(orphan)).toBe(false);
  });

  test('an initialise that was interrupted is swept, a directory that is no cluster is kept aside', async () => {
    const dataDir = temporaryDirectory();
    for (const name of ['postgres.new-0a1b2c3d', 'postgres']) {
      mkdirSync(join(dataDir, name));
      writeFileSync(join(dataDir, name, 'PG_VERSION'), '18\n');
    }
    const said = await running(dataDir);
    expect(said).toHaveLength(1);
    const names = readdirSync(dataDir).filter((name) => !name.endsWith('password'));
    expect(names).toEqual(['postgres', expect.stringMatching(/^postgres\.incomplete-\d{8}T\d{6}Z$/)]);
    expect(readFileSync(join(dataDir, names[1] ?? '', 'PG_VERSION'), 'utf8')).toBe('18\n');
  });

  test('a lost password file is replaced', async () => {
    const dataDir = await filled();
    rmSync(join(dataDir, 'postgres-password'));
    expect(await running(dataDir, expectKept)).toEqual(["PostgreSQL's password file was missing: set a new password."]);
  });
});

describe('what is refused or avoided', () => {
  test('data of another major version is refused in one line and left alone', async () => {
    const dataDir = temporaryDirectory();
    mkdirSync(join(dataDir, 'postgres'));
    writeFileSync(join(dataDir, 'postgres', 'PG_VERSION'), '17\n');
    await expect(running(dataDir)).rejects.toMatchObject({
      code: 'postgres_version',
      message: expect.stringMatching(/^\S+ holds data of PostgreSQL 17, but this Laurels brings PostgreSQL 18[^\n]*$/),
    });
    expect(readdirSync(join(dataDir, 'postgres'))).toEqual(['PG_VERSION']);
  });

  test("A141: another program's PostgreSQL on the wanted port is never used", async () => {
    const foreign = new URL(process.env['TEST_DATABASE_URL'] ?? '');
    const said = await running(
      await filled(),
      async (postgres) => {
        expect(postgres.port).not.toBe(Number(foreign.port));
        await expectKept(postgres);
      },
      { preferredPort: Number(foreign.port) },
    );
    expect(said).toEqual([
      expect.stringMatching(new RegExp(`^Port ${foreign.port} is taken: PostgreSQL listens on 127\\.0\\.0\\.1:\\d+\\.$`)),
    ]);
  });

  test('a start that fails leaves no process behind', async () => {
    const dataDir = await filled();
    writeFileSync(join(dataDir, 'postgres', 'postgresql.auto.conf'), 'no_such_setting = 1\n');
    await expect(running(dataDir)).rejects.toMatchObject({ code: 'postgres_start', message: expect.stringContaining('no_such_setting') });
    expect((await listProcesses()).filter(({ command }) => command.includes(dataDir))).toEqual([]);
  });
});

describe('accounts', () => {
  testIfRoot('below a directory that its account cannot enter, the cluster lives elsewhere, and is found there again', async () => {
    const closed = temporaryDirectory();
    chmodSync(closed, 0o700);
    const dataDir = join(closed, 'data');
    let place = '';
    try {
      const said = await running(dataDir, async ({ url, directory }) => {
        place = directory;
        await ask(url, 'create table kept as select 42 as value');
      });
      expect(said).toEqual([expect.stringContaining(`its data lives in ${place}`)]);
      expect(place.startsWith('/var/lib/laurels/')).toBe(true);
      expect(readFileSync(join(dirname(place), 'data-directory'), 'utf8').trim()).toBe(dataDir);
      expect(await running(dataDir, expectKept)).toEqual([]);
    } finally {
      if (place !== '') rmSync(dirname(place), { recursive: true, force: true });
    }
  });

  testIfRoot('an ordinary user runs it as itself, and root later runs it as that user', async () => {
    const dataDir = temporaryDirectory();
    const nobody = { uid: 65_534, gid: 65_534 };
    chownSync(dataDir, nobody.uid, nobody.gid);
    const holder = await startHolder(dataDir, { temporalAddress: '127.0.0.1:1', account: nobody });
    await ask(holder.databaseUrl, 'create table kept as select 42 as value');
    holder.process.kill('SIGTERM');
    await once(holder.process, 'close');
    expect(statSync(join(dataDir, 'postgres')).uid).toBe(nobody.uid);
    expect(existsSync(join(dataDir, 'postgres', 'postmaster.pid'))).toBe(false);
    expect(await running(dataDir, expectKept)).toEqual([]);
  });

  testIfRoot('a cluster that root copied back is given to the account', async () => {
    const dataDir = await filled();
    execFileSync('chown', ['-R', '0:0', join(dataDir, 'postgres')]);
    expect(await running(dataDir, expectKept)).toEqual([expect.stringContaining('belonged to root')]);
  });
});
