import { Writable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { createLogger } from '../../src/log/logger.ts';

function linesOf(write: (log: ReturnType<typeof createLogger>) => void, level = 'info'): Record<string, unknown>[] {
  const written: string[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _, done) {
      written.push(chunk.toString());
      done();
    },
  });
  write(createLogger({ level }, sink));
  return written.map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('a line is one JSON object with an ISO time, a level number, a constant message and its facts', () => {
  const [line] = linesOf((log) => log.info({ job_id: 'j1', rows: 3 }, 'page staged'));
  expect(line).toMatchObject({
    level: 30,
    msg: 'page staged',
    job_id: 'j1',
    rows: 3,
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
  });
});

test('secrets are hidden wherever a caller puts them', () => {
  const lines = linesOf((log) => {
    log.info(
      { token: 'ghp_1', config: { password: 'p', databaseUrl: 'postgres://u:p@h/d' }, headers: { authorization: 'Bearer x', cookie: 'c' } },
      'x',
    );
    log.info({ request: { headers: { authorization: 'Bearer x' } } }, 'x');
  });
  expect(JSON.stringify(lines)).not.toMatch(/ghp_1|u:p@h|Bearer|"c"|"p"/);
});

test('lines under the level are not written', () => {
  expect(linesOf((log) => log.info('quiet'), 'warn')).toEqual([]);
});
