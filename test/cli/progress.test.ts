import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { createProgress } from '../../src/cli/progress.ts';
import { recordTerminal } from './recorded-terminal.ts';

beforeEach(() => {
  jest.useFakeTimers({ now: 0 });
});
afterEach(() => {
  jest.useRealTimers();
});

test('when nobody looks on, a line comes for every new step at once and for more of the same every five seconds', () => {
  const terminal = recordTerminal();
  const progress = createProgress(terminal);
  const reading = { what: 'a/b reading', total: 3000, unit: 'contributions' };
  progress.show({ what: 'a/b is being started', done: 0, total: null, unit: null });
  progress.show({ ...reading, done: 10 });
  progress.show({ ...reading, done: 500 });
  jest.setSystemTime(5_000);
  progress.show({ ...reading, done: 2000 });
  progress.show({ ...reading, done: 2000 });
  progress.end();
  expect(terminal.said).toEqual([
    'a/b is being started',
    'a/b reading: 10 of 3,000 contributions',
    'a/b reading: 2,000 of 3,000 contributions',
  ]);
  expect(terminal.printed).toEqual([]);
});

test('the time that is left is said in minutes, then in hours', () => {
  const terminal = recordTerminal();
  const reading = { done: 10, total: 3000, unit: 'contributions' };
  for (const [index, minutes] of [0.4, 3.2, 89, 135].entries()) {
    createProgress(terminal).show({ what: `a/${index} reading`, ...reading, eta: new Date(minutes * 60_000).toISOString() });
  }
  createProgress(terminal).show({ what: 'a/b reading', ...reading, eta: null });
  expect(terminal.said.map((line) => line.replace(/^.*contributions/, ''))).toEqual([
    ', less than 1 min left',
    ', about 4 min left',
    ', about 89 min left',
    ', about 2.5 h left',
    '',
  ]);
});
