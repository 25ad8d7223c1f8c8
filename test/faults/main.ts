import { spawnSync } from 'node:child_process';
import { faultMatrix } from './matrix.ts';

/* `npm run test:faults`: runs every file that the fault matrix names, and passes on what else it is told (`-- -t F21`). */

const files = new Set([...faultMatrix().values()].flat().map(({ file }) => `test/${file}`));
const jest = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '--runInBand'];
const { status } = spawnSync(process.execPath, [...jest, ...files, 'test/faults/matrix.test.ts', ...process.argv.slice(2)], {
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
