import { connect, type Socket } from 'node:net';
import { parentPort, Worker, workerData } from 'node:worker_threads';

/** What is asked, by how many connections at once. */
export interface Load {
  readonly port: number;
  readonly connections: number;
  /** Paths with their headers, asked in turn. */
  readonly requests: readonly { readonly path: string; readonly headers?: Readonly<Record<string, string>> }[];
  /** For so long, again and again; left out: each request once. Milliseconds. */
  readonly forMs?: number;
}

/** What came of it. */
export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  /** Milliseconds from sending to the last byte, in the order of the answers. */
  readonly latencies: readonly number[];
  /** Bytes of the last answer's body. */
  readonly bytes: number;
  readonly statuses: Readonly<Record<number, number>>;
}

/** Puts a load on a server, from a thread of its own so that only the server's work is on the server's thread. */
export async function putLoad(load: Load): Promise<LoadResult> {
  const worker = new Worker(new URL(import.meta.url), { workerData: { load } });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

/** One connection, one request after the other: the least a client can do, as fetch takes longer than most answers. */
async function ask(
  socket: Socket,
  { path, headers = {} }: Load['requests'][number],
  port: number,
): Promise<{ readonly status: number; readonly bytes: number }> {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${lines.join('')}\r\n`);
  return new Promise((resolve, reject) => {
    let head = '';
    let status = 0;
    let length = 0;
    let received = -1;
    const onData = (data: Buffer): void => {
      let rest = data.length;
      if (received < 0) {
        head += data.toString('latin1');
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) return;
        status = Number(head.slice(9, 12));
        length = Number(/content-length: (\d+)/i.exec(head.slice(0, end))?.[1] ?? 0);
        received = 0;
        rest = head.length - end - 4;
      }
      received += rest;
      if (received < length) return;
      socket.off('data', onData).off('error', reject);
      resolve({ status, bytes: length });
    };
    socket.on('data', onData).once('error', reject);
  });
}

async function run({ port, connections, requests, forMs }: Load): Promise<LoadResult> {
  const latencies: number[] = [];
  const statuses: Record<number, number> = {};
  let next = 0;
  let bytes = 0;
  const begun = performance.now();
  const isOver = (): boolean => (forMs === undefined ? next >= requests.length : performance.now() - begun >= forMs);
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      while (!isOver()) {
        const request = requests[next % requests.length];
        next += 1;
        if (request === undefined) break;
        const sent = performance.now();
        const answer = await ask(socket, request, port);
        latencies.push(performance.now() - sent);
        statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
        bytes = answer.bytes;
      }
      socket.destroy();
    }),
  );
  return { requests: latencies.length, seconds: (performance.now() - begun) / 1000, latencies, bytes, statuses };
}

const given = (workerData as { readonly load?: Load } | null)?.load;
if (given !== undefined) parentPort?.postMessage(await run(given), []);
