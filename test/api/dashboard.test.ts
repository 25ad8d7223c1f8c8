import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { databaseToday } from '../../src/db/database.ts';
import { rebuildGlobalBoard } from '../../src/db/boards.ts';
import { appendJobLog } from '../../src/db/job-log.ts';
import { closeJob } from '../../src/db/jobs.ts';
import { presetWindow } from '../../src/domain/window.ts';
import { publishBoard } from './published-board.ts';
import { addedRepository, startTestApi, type TestApi } from './running-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());

const line = (level: number, message: string) => ({ at: new Date(), level, message, fields: {} });

test('the statistics of an empty database are zeros', async () => {
  const { status, body } = await api.call('getStatistics');
  expect(status).toBe(200);
  expect(body).toMatchObject({
    repositories: { total: 0, by_status: { PENDING: 0, COMPLETED: 0 } },
    is_sample: false,
    contributors: { total: 0 },
    contributions: { total: 0, unattributed: 0 },
    jobs: { total: 0 },
    leaderboard: null,
    last_scraped_at: null,
  });
  expect((await api.call('listErrors')).body).toEqual({ data: [], next_cursor: null });
});

describe('with work done', () => {
  const failed: string[] = [];

  beforeAll(async () => {
    const params = await addedRepository(api, 'stats', 'one');
    await publishBoard(api.db, params, [
      { login: 'ada', githubId: 1, count: 3 },
      { login: 'bot[bot]', githubId: 2, type: 'Bot', count: 2 },
    ]);
    await rebuildGlobalBoard(api.db);
    for (const name of ['two', 'three']) {
      const { body } = await api.call('scrapeRepository', { params: await addedRepository(api, 'stats', name) });
      await appendJobLog(api.db, body.id, [line(30, 'begun'), line(50, `${name} is broken`)]);
      await closeJob(api.db, body.id, { status: 'FAILED', errorCode: 'archive_unreadable', errorMessage: `No ${name}` });
      failed.push(body.id);
    }
  });

  test('the statistics count it', async () => {
    const { body } = await api.call('getStatistics');
    expect(body).toMatchObject({
      repositories: { total: 3, by_status: { COMPLETED: 1, FAILED: 2 } },
      contributors: { total: 2, by_kind: { human: 1, bot: 1, agent: 0 } },
      contributions: { total: 5, unattributed: 0 },
      jobs: { total: 3, by_status: { COMPLETED: 1, FAILED: 2 }, last_24_hours: { completed: 1, failed: 2 } },
      leaderboard: { people: 1, window: presetWindow('2y', await databaseToday(api.db)) },
    });
  });

  test('errors are listed newest first, in pages that hold each once', async () => {
    const { body } = await api.call('listErrors');
    expect(body.data.map(({ origin, message }: { origin: string; message: string }) => [origin, message])).toEqual([
      ['job', 'No three'],
      ['log', 'three is broken'],
      ['job', 'No two'],
      ['log', 'two is broken'],
    ]);
    expect(body.data[0]).toMatchObject({ job_id: failed[1], repository: 'stats/three', code: 'archive_unreadable', log_id: null });
    const logs = await api.send('GET', body.data[1].links.logs);
    expect(logs.body.data).toMatchObject([{ message: 'three is broken' }]);
    const pages: unknown[] = [];
    let cursor: string | null = null;
    do {
      const page = (await api.call('listErrors', { query: { limit: '1', ...(cursor === null ? {} : { cursor }) } })).body;
      pages.push(...page.data);
      cursor = page.next_cursor as string | null;
    } while (cursor !== null);
    expect(pages).toEqual(body.data);
  });
});
