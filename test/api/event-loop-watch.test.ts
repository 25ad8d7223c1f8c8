import { afterEach, expect, test } from '@jest/globals';
import { watchEventLoop, type EventLoopWatch } from '../../src/api/event-loop-watch.ts';

const watches: EventLoopWatch[] = [];
afterEach(() => watches.splice(0).forEach((watch) => watch.stop()));

function watching(): EventLoopWatch {
  const watch = watchEventLoop();
  watches.push(watch);
  return watch;
}

function standStillFor(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

test('a process that gets to its work was never blocked', () => {
  const watch = watching();
  standStillFor(300);
  expect(watch.blockedMs()).toBeNull();
});

test('a stall is seen at once and remembered, whoever asks first', async () => {
  const watch = watching();
  standStillFor(2_300);
  expect(watch.blockedMs()).toBeGreaterThanOrEqual(2_000);
  await new Promise((resolve) => setImmediate(resolve));
  standStillFor(300);
  expect(watch.blockedMs()).toBeLessThan(2_600);
  expect(watch.blockedMs()).toBeGreaterThanOrEqual(2_000);
});
