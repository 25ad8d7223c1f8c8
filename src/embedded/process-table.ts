import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const isLinux = process.platform === 'linux';

/** One running process: its argument list as far as the system shows it (macOS joins it by spaces, so arguments may come split). */
export interface ProcessEntry {
  readonly pid: number;
  readonly command: string;
}

/** Fields of /proc/PID/stat after the command, whose name may hold spaces and brackets; the first is the state. Null: no such process. */
async function procStat(pid: number): Promise<readonly string[] | null> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}

/** Whether a process of this id lives; a zombie, which only waits for its parent to read its exit code, does not. */
export async function isAlive(pid: number): Promise<boolean> {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives, but belongs to somebody else.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  if (!isLinux) return true;
  const stat = await procStat(pid);
  return stat !== null && stat[0] !== 'Z' && stat[0] !== 'X';
}

/**
 * When a process was started, as a text that only serves to compare: a process id is used again, id and start time are not.
 * Null: no such process, or a system that doesn't tell.
 */
export async function startTimeOf(pid: number): Promise<string | null> {
  if (isLinux) {
    const stat = await procStat(pid);
    if (stat === null) return null;
    // Ticks since the machine started, hence together with the id of this start.
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
    return `${boot.trim()}:${stat[19] ?? ''}`;
  }
  if (process.platform === 'win32') return null;
  try {
    const { stdout } = await run('ps', ['-o', 'lstart=', '-p', String(pid)], {
      env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
    });
    return stdout.trim() || null;
  } catch {
    return null;
  }
}

/** All processes whose command line this user may see. Empty on Windows. */
export async function listProcesses(): Promise<readonly ProcessEntry[]> {
  if (isLinux) {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
    const entries = await Promise.all(
      pids.map(async (pid) => ({ pid, command: await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '') })),
    );
    return entries
      .filter(({ command }) => command !== '')
      .map(({ pid, command }) => ({ pid, command: command.replaceAll('\0', ' ').trim() }));
  }
  if (process.platform === 'win32') return [];
  const { stdout } = await run('ps', ['-axww', '-o', 'pid=,command='], { maxBuffer: 16 * 1024 * 1024 });
  return stdout
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null)
    .map((match) => ({ pid: Number(match[1]), command: match[2] ?? '' }));
}

/** The command line of a process, arguments joined by spaces; null when there is none or it can't be seen. */
export async function commandOf(pid: number): Promise<string | null> {
  if (isLinux) {
    const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return text === '' ? null : text.replaceAll('\0', ' ').trim();
  }
  if (process.platform === 'win32') return null;
  try {
    const { stdout } = await run('ps', ['-ww', '-o', 'command=', '-p', String(pid)]);
    return stdout.trim() || null;
  } catch {
    return null;
  }
}

/** The working directory of a process; null when the system doesn't tell (only Linux does). */
export async function workingDirectoryOf(pid: number): Promise<string | null> {
  return isLinux ? readlink(`/proc/${pid}/cwd`).catch(() => null) : null;
}

/**
 * Whether a process itself holds the listening TCP socket of a port on 127.0.0.1.
 * Null: this system doesn't tell (only Linux does, and only of processes of the same user).
 */
export async function listensOn(pid: number, port: number): Promise<boolean | null> {
  if (!isLinux) return null;
  try {
    const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
    const tables = await Promise.all(['tcp', 'tcp6'].map((table) => readFile(`/proc/${pid}/net/${table}`, 'utf8').catch(() => '')));
    const inodes = new Set(
      tables
        .flatMap((table) => table.split('\n').slice(1))
        .map((line) => line.trim().split(/\s+/))
        // Columns: local address, state (0A = listening), inode.
        .filter((columns) => columns[1]?.endsWith(wanted) && columns[3] === '0A')
        .map((columns) => `socket:[${columns[9] ?? ''}]`),
    );
    const descriptors = await readdir(`/proc/${pid}/fd`);
    const targets = await Promise.all(descriptors.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
    return targets.some((target) => inodes.has(target));
  } catch {
    return null;
  }
}

/**
 * Ends a process that is not our child: sends each signal in turn and waits up to its grace (ms) for the process to go.
 * @returns whether it is gone.
 */
export async function endProcess(
  pid: number,
  steps: readonly { readonly signal: NodeJS.Signals; readonly graceMs: number }[],
): Promise<boolean> {
  for (const { signal, graceMs } of steps) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ESRCH';
    }
    const deadline = Date.now() + graceMs;
    while (Date.now() < deadline) {
      if (!(await isAlive(pid))) return true;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
  return !(await isAlive(pid));
}
