import { expect, test } from '@jest/globals';
import { ApiRefused, ApiUnreachable } from '../../src/cli/api-client.ts';
import { exitCodeOf, Interrupted, UsageError } from '../../src/cli/exit-code.ts';
import { InvalidConfiguration } from '../../src/config.ts';
import { ArchiveDirectoryUnreadable, InvalidInput } from '../../src/domain/errors.ts';

test.each([
  [new UsageError('--since: no'), 2],
  [new InvalidInput('no'), 2],
  [new InvalidConfiguration(['PORT: no']), 2],
  [new ArchiveDirectoryUnreadable('/x', null), 2],
  [new ApiRefused(400, {}), 2],
  [new ApiRefused(422, { code: 'no_source_configured' }), 2],
  [new ApiRefused(404, {}), 3],
  [new ApiRefused(409, {}), 4],
  [new ApiRefused(500, {}), 1],
  [new ApiRefused(503, {}), 1],
  [new ApiUnreachable('http://x', new Error('refused')), 1],
  [new Interrupted('SIGINT'), 130],
  [new TypeError('a bug'), 1],
  ['not even an error', 1],
])('%s ends a command with %i', (error, code) => {
  expect(exitCodeOf(error)).toBe(code);
});
