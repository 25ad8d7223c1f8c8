import { createServer, request as ask, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { CONTRACT, type EndpointName } from '../../src/api/contract.ts';
import type { Endpoint } from '../../src/api/contract/endpoint.ts';

/** A request as it was sent. */
interface RecordedRequest {
  readonly endpoint: EndpointName | null;
  /** Names of query parameters and of fields of the body. */
  readonly sent: readonly string[];
}

/** Stands before an API, passes everything on, and knows what was asked. */
export interface RequestRecorder {
  readonly url: string;
  readonly requests: RecordedRequest[];
  stop(): Promise<void>;
}

const placesIn = (path: string): number => path.split('{').length - 1;
/** Paths without parameters first: `/contributors/enrich` is nobody called so. */
const PATTERNS = (Object.entries(CONTRACT) as [EndpointName, Endpoint][])
  .toSorted(([, a], [, b]) => placesIn(a.path) - placesIn(b.path))
  .map(([name, { method, path }]) => ({
    name,
    method: method.toUpperCase(),
    pattern: new RegExp(`^${path.replaceAll('.', String.raw`\.`).replaceAll(/\{\w+\}/g, '[^/]+')}$`),
  }));

function recordedOf({ method, url = '/' }: IncomingMessage, body: string): RecordedRequest {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const fields = body === '' ? [] : Object.keys(JSON.parse(body) as object);
  const endpoint = PATTERNS.find((one) => one.method === method && one.pattern.test(pathname))?.name ?? null;
  return { endpoint, sent: [...searchParams.keys(), ...fields] };
}

export async function recordRequests(apiUrl: string): Promise<RequestRecorder> {
  const requests: RecordedRequest[] = [];
  const server = createServer((incoming, outgoing) => {
    void text(incoming).then((body) => {
      requests.push(recordedOf(incoming, body));
      const { method, headers } = incoming;
      const onward = ask(`${apiUrl}${incoming.url}`, { method, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      onward.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
