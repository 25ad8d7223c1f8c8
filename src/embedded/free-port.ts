import { createServer } from 'node:net';

/** Whether nobody listens on a TCP port of 127.0.0.1, tried by listening on it for a moment. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

function portOfTheSystem(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port: 0, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/**
 * Free TCP ports of 127.0.0.1, one for each wish: the wished one where it is free, else one that the system gives; all are different.
 * Somebody may still take one before it is used: who listens on it later must check that it is the own child that answers.
 * @param wishes preferred ports; 0 = any.
 */
export async function findFreePorts(wishes: readonly number[]): Promise<readonly number[]> {
  const found: number[] = [];
  for (const wish of wishes) {
    let port = wish;
    while (port === 0 || found.includes(port) || (port === wish && !(await isPortFree(port)))) port = await portOfTheSystem();
    found.push(port);
  }
  return found;
}
