import { expect, test } from '@jest/globals';
import {
  AppError,
  ArchiveDirectoryUnreadable,
  BoardChanged,
  InvalidInput,
  JobClosed,
  JobNotFound,
  NoSourceConfigured,
  RepositoryNotFound,
  ScrapeAlreadyRunning,
  ServiceUnavailable,
} from '../../src/domain/errors.ts';

const cause = new Error('the disk');

test.each([
  [new RepositoryNotFound('o', 'r'), 'repository_not_found', 404, 'o/r'],
  [new JobNotFound('7'), 'job_not_found', 404, '7'],
  [new ScrapeAlreadyRunning('o/r', '7'), 'scrape_already_running', 409, '7'],
  [new JobClosed('7', 'FAILED'), 'job_closed', 409, 'FAILED'],
  [new NoSourceConfigured('set GITHUB_TOKEN'), 'no_source_configured', 422, 'GITHUB_TOKEN'],
  [new ArchiveDirectoryUnreadable('/x', cause), 'archive_directory_unreadable', 422, '/x'],
  [new BoardChanged(), 'board_changed', 410, 'first page'],
  [new ServiceUnavailable('PostgreSQL', cause), 'service_unavailable', 503, 'PostgreSQL'],
  [new InvalidInput('limit is wrong', [{ pointer: 'limit', detail: '1 to 100' }], 400), 'invalid_input', 400, 'limit'],
])('%s has a code, a status and names what it is about', (error, code, status, named) => {
  expect(error).toBeInstanceOf(AppError);
  expect(error).toMatchObject({ code, status, name: error.constructor.name });
  expect(error.message).toContain(named);
});

test('an error keeps the error that caused it', () => {
  expect(new ServiceUnavailable('PostgreSQL', cause).cause).toBe(cause);
  expect(new ArchiveDirectoryUnreadable('/x', cause).cause).toBe(cause);
});
