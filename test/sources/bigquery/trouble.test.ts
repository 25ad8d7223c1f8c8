import { expect, test } from '@jest/globals';
import { thrownBy } from '../../../src/sources/bigquery/trouble.ts';

test.each([
  'Could not load the default credentials. Browse to https://cloud.google.com/docs/authentication for more information.',
  "The file at /keys/none.json does not exist, or it is not a file. ENOENT: no such file or directory, lstat '/keys/none.json'",
  'error:1E08010C:DECODER routines::unsupported',
  'invalid_grant: Invalid JWT Signature.',
])('credentials that are missing or wrong are said to be: %s', (message) => {
  expect(thrownBy(new Error(message), 'a dry run')).toMatchObject({
    code: 'bigquery_no_credentials',
    message: expect.stringContaining('GOOGLE_APPLICATION_CREDENTIALS with a key file'),
  });
});

test('a connection that breaks is no matter of credentials: it may heal', () => {
  const broken = new Error('socket hang up');
  expect(thrownBy(broken, 'a dry run')).toBe(broken);
});
