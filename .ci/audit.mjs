// npm audit of what runs in production, where the registry has that service: a mirror may not. Arguments are handed on to npm.
import { spawnSync } from 'node:child_process';

const npm = (args, stdio) =>
  spawnSync('npm', ['audit', '--omit', 'dev', ...process.argv.slice(2), ...args], {
    encoding: 'utf8',
    stdio,
    shell: process.platform === 'win32',
  });

const asked = npm(['--json', '--loglevel', 'warn'], ['ignore', 'pipe', 'pipe']);
if (asked.stderr?.includes('audit endpoint returned an error')) {
  const why = asked.stderr.split('\n').find((line) => line.startsWith('npm warn audit ')) ?? '';
  console.log(`SKIPPED: the registry's audit service can't be asked (${why.replace('npm warn audit ', '')})`);
} else {
  process.exitCode = npm([], 'inherit').status ?? 1;
}
