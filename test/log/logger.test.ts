import { Writable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { harmless } from '../../src/log/harmless.ts';
import { withLogFields, withoutLogFields } from '../../src/log/log-context.ts';
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

test('A087: what came from outside begins no line of its own, moves no cursor and renames no window, whoever writes the line out', () => {
  const written: string[] = [];
  const log = createLogger({ level: 'info' }, harmless({ write: (line) => void written.push(line) }));
  const hostile = 'x\n2026-01-01 ERROR admin logged in\r\u001b[2J\u001b]0;pwn\u0007\u009b31m\u2028\u202e C:\\u001b \\x1b';
  log.info({ reason: hostile, err: new Error(hostile) }, hostile);
  expect(written).toHaveLength(1);
  // eslint-disable-next-line no-control-regex -- they are what must not be there
  expect(written[0]?.trimEnd()).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u202e]/);
  const { reason, msg, err } = JSON.parse(written[0] ?? '') as { reason: string; msg: string; err: { message: string; stack: string } };
  const shown = String.raw`\x0d\x1b[2J\x1b]0;pwn\x07\x9b31m\u2028\u202e C:\u001b \x1b`;
  for (const text of [reason, msg, err.stack]) expect(text).toContain(shown);
  expect(err.message).toBe(String.raw`x\x0a2026-01-01 ERROR admin logged in${shown}`);
});

test('an error of any length is a line of a few KB', () => {
  const [line] = linesOf((log) => log.error({ err: new Error('x'.repeat(1_000_000)) }, 'failed'));
  expect(JSON.stringify(line).length).toBeLessThan(6_000);
});

test('a line carries the fields of the call it is logged in, beside its own, and those of no other', async () => {
  const lines: Record<string, unknown>[] = [];
  const log = createLogger({ level: 'info' }, { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) });
  await Promise.all(
    ['one', 'two'].map((id) =>
      withLogFields({ request_id: id, step: 'outer' }, async () => {
        await Promise.resolve();
        withLogFields({ step: 'inner' }, () => log.info({ asked: id }, 'inside'));
        withoutLogFields(() => log.info({ asked: id }, 'about nobody'));
      }),
    ),
  );
  log.info({ asked: 'three' }, 'outside');
  const inside = lines.filter(({ msg }) => msg === 'inside');
  expect(inside.map(({ asked, request_id, step }) => [asked, request_id, step])).toEqual([
    ['one', 'one', 'inner'],
    ['two', 'two', 'inner'],
  ]);
  expect(lines.filter(({ msg }) => msg !== 'inside').map(({ request_id }) => request_id)).toEqual([undefined, undefined, undefined]);
});

test('lines under the level are not written', () => {
  expect(linesOf((log) => log.info('quiet'), 'warn')).toEqual([]);
});
