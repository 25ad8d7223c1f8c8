import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { LogLineResource } from '../../src/api/contract/jobs.ts';
import { followLogs } from '../../src/cli/log-stream.ts';
import { appendJobLog } from '../../src/db/job-log.ts';
import { addedRepository, eventually, startTestApi, type TestApi } from '../api/running-api.ts';
import { startProxy } from '../faults/proxy.ts';

let api: TestApi;
let job: string;
beforeAll(async () => {
  api = await startTestApi();
  job = (await api.call('scrapeRepository', { params: await addedRepository(api, 'followed', 'one') })).body.id as string;
});
afterAll(() => api.stop());

const over = new AbortController();
afterEach(() => over.abort());

const write = (message: string): Promise<void> => appendJobLog(api.db, job, [{ at: new Date(), level: 30, message, fields: {} }]);

test('following all jobs misses nothing over a lost connection, not even before the first line', async () => {
  await write('written before anybody listens');
  let hasPinged = false;
  let told = Buffer.alloc(0);
  const way = await startProxy(
    { host: '127.0.0.1', port: api.port },
    {
      onServerBytes(_, bytes, pass) {
        // A ping (RFC 6455: opcode 9) behind the answer to the upgrade.
        told = Buffer.concat([told, bytes]);
        hasPinged ||= told[told.indexOf('\r\n\r\n') + 4] === 0x89;
        pass(bytes);
      },
    },
  );
  const heard: string[] = [];
  const onLine = ({ message }: LogLineResource): void => void heard.push(message);
  const following = followLogs({ url: `http://127.0.0.1:${way.port}`, authorization: {} }, {}, onLine, over.signal);
  await eventually(() => hasPinged, Boolean);
  way.set('refuse');
  await write('written while nobody could listen');
  way.set('pass');
  await eventually(
    () => heard.length,
    (count) => count > 0,
  );
  await write('written afterwards');
  await eventually(
    () => heard.length,
    (count) => count > 1,
  );
  over.abort();
  await following;
  await way.close();
  expect(heard).toEqual(['written while nobody could listen', 'written afterwards']);
});
