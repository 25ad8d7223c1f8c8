/**
 * Preloaded into a process of a soak (`node --expose-gc --import`): collects garbage once a minute, so that what is held, and not what
 * V8 has not collected yet, is seen from outside, and writes what the heap came to into `MEMORY_PROBE`.
 */
import { writeFileSync } from 'node:fs';

const file = process.env['MEMORY_PROBE'];
const collect = (globalThis as { gc?: () => void }).gc;
if (file === undefined || collect === undefined) throw new Error('MEMORY_PROBE and --expose-gc are needed');
setInterval(() => {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  writeFileSync(file, JSON.stringify({ pid: process.pid, heapUsed, external }));
}, 60_000).unref();
