import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { LogLineResource } from '../../src/api/contract/jobs.ts';
import { followLogs } from '../../src/cli/log-stream.ts';
import { appendJobLog } from '../../src/db/job-log.ts';
import { addedRepository, eventually, startTestApi, type TestApi } from '../api/running-api.ts';

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

/** A way to the API that can be cut. `hasPinged`: a ping of the server (RFC 6455: opcode 9) came after its answer to the upgrade. */
async function cuttableWay() {
  const sockets = new Set<Socket>();
  const way = { hasPinged: false, isCut: false, port: 0, cut: () => undefined as void, stop: () => undefined as void };
  const server = createServer((client) => {
    if (way.isCut) {
      client.destroy();
      return;
    }
    const upstream = connect(api.port, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    }
    let told = Buffer.alloc(0);
    upstream.on('data', (data) => {
      told = Buffer.concat([told, data]);
      way.hasPinged ||= told[told.indexOf('\r\n\r\n') + 4] === 0x89;
    });
    client.pipe(upstream).pipe(client);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  way.port = (server.address() as AddressInfo).port;
  way.cut = () => {
    way.isCut = true;
    for (const socket of sockets) socket.destroy();
  };
  way.stop = () => {
    way.cut();
    server.close();
  };
  return way;
}

test('following all jobs misses nothing over a lost connection, not even before the first line', async () => {
  await write('written before anybody listens');
  const way = await cuttableWay();
  const heard: string[] = [];
  const onLine = ({ message }: LogLineResource): void => void heard.push(message);
  const following = followLogs({ url: `http://127.0.0.1:${way.port}`, authorization: {} }, {}, onLine, over.signal);
  await eventually(() => way.hasPinged, Boolean);
  way.cut();
  await write('written while nobody could listen');
  way.isCut = false;
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
  way.stop();
  expect(heard).toEqual(['written while nobody could listen', 'written afterwards']);
});
