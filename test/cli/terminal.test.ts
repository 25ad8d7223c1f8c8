import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { printable } from '../../src/cli/terminal.ts';
import { figure, tableOf } from '../../src/cli/table.ts';

test('A087: control characters of what came from outside never reach the terminal', () => {
  expect(printable('a\u001b[2Jb')).toBe('a\\x1b[2Jb');
  expect(printable('x\n2026 ERROR admin logged in\r')).toBe('x\\x0a2026 ERROR admin logged in\\x0d');
  expect(printable('right\u202eleft\u2028')).toBe('right\\u202eleft\\u2028');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => expect(printable(text)).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e]/u)),
  );
});

test('ordinary text stays as it is', () => {
  expect(printable('Zoë Ångström 中文 🦆')).toBe('Zoë Ångström 中文 🦆');
});

test('a table lines up its columns and ends no line with blanks', () => {
  const table = tableOf(
    [{ heading: 'who' }, { heading: 'score', align: 'right' }],
    [
      ['ada', '1,380'],
      ['grace-hopper', '7'],
    ],
  );
  expect(table.split('\n')).toEqual(['who           score', 'ada           1,380', 'grace-hopper      7']);
});

test('figures are grouped and keep the decimals that there are', () => {
  expect([figure(1234567), figure(155.03, 4), figure(0.005, 4), figure(0)]).toEqual(['1,234,567', '155.03', '0.005', '0']);
});
