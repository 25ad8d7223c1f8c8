import { parentPort, Worker, workerData } from 'node:worker_threads';
import { WebSocket } from 'ws';

/** What clients of the log stream got. */
interface LogReceipt {
  /** Lines over all clients. */
  readonly received: number;
  /** Milliseconds from a line's writing to its reading, all clients, sorted. */
  readonly latencies: readonly number[];
}

/** Clients of the log stream in a thread of their own. */
export interface LogClients {
  /** Resolves when each has got so many lines, or when the time is up. */
  receive(lines: number, withinMs: number): Promise<LogReceipt>;
  close(): Promise<void>;
}

/** The clock that threads share, in milliseconds. */
export function sharedNow(): number {
  return performance.timeOrigin + performance.now();
}

/** Connects so many clients; resolves when all listen. */
export async function connectLogClients(url: string, count: number): Promise<LogClients> {
  const worker = new Worker(new URL(import.meta.url), { workerData: { url, count } });
  const answer = <T>(): Promise<T> =>
    new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
  await answer();
  return {
    async receive(lines, withinMs) {
      worker.postMessage({ lines, withinMs }, []);
      return answer<LogReceipt>();
    },
    async close() {
      await worker.terminate();
    },
  };
}

async function serve({ url, count }: { readonly url: string; readonly count: number }): Promise<void> {
  const latencies: number[] = [];
  await Promise.all(
    Array.from({ length: count }, async () => {
      const socket = new WebSocket(url, { perMessageDeflate: false });
      socket.on('message', (data: Buffer) => {
        const now = sharedNow();
        const line = JSON.parse(data.toString()) as { readonly fields: { readonly written: number } };
        latencies.push(now - line.fields.written);
      });
      await new Promise<void>((resolve, reject) => void socket.once('open', resolve).once('error', reject));
    }),
  );
  parentPort?.on('message', ({ lines, withinMs }: { readonly lines: number; readonly withinMs: number }) => {
    const last = performance.now() + withinMs;
    const poll = setInterval(() => {
      if (latencies.length < lines * count && performance.now() < last) return;
      clearInterval(poll);
      parentPort?.postMessage({ received: latencies.length, latencies: latencies.splice(0).sort((a, b) => a - b) }, []);
    }, 20);
  });
  parentPort?.postMessage('ready', []);
}

const given = workerData as { readonly url?: string; readonly count?: number } | null;
if (given?.url !== undefined && given.count !== undefined) await serve({ url: given.url, count: given.count });
