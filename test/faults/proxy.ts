import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/**
 * What a {@link Proxy} does with bytes: passes them on; `silent`: takes them and passes nothing on, as a host that has vanished;
 * `deaf`: requests arrive, answers are lost; `refuse`: every connection is cut; `strand`: the connections of this moment fall silent,
 * new ones pass.
 */
type ProxyMode = 'pass' | 'silent' | 'deaf' | 'refuse' | 'strand';

/** One connection through a proxy. */
export interface ProxyPair {
  readonly client: Socket;
  readonly server: Socket;
  /** Cuts both ends at once, without a goodbye. */
  cut(): void;
}

/** A TCP proxy on a port of its own that breaks on demand. */
export interface Proxy {
  readonly port: number;
  /** Connections that lost bytes in another mode are cut when it passes again: a stream with a hole is of no use to anybody. */
  set(mode: ProxyMode): void;
  /** Connections that were refused so far. */
  refused(): number;
  close(): Promise<void>;
}

/** What may be done with bytes before they go on; by default they just do. */
export interface ProxyTaps {
  readonly onClientBytes?: (pair: ProxyPair, bytes: Buffer, pass: (bytes: Buffer) => void) => void;
  readonly onServerBytes?: (pair: ProxyPair, bytes: Buffer, pass: (bytes: Buffer) => void) => void;
}

/** Starts a proxy in front of a port of this machine. */
export async function startProxy(target: { readonly host: string; readonly port: number }, taps: ProxyTaps = {}): Promise<Proxy> {
  let mode: ProxyMode = 'pass';
  let refused = 0;
  const pairs = new Map<ProxyPair, { isStranded: boolean; isHoled: boolean }>();
  const server = createServer((client) => {
    const upstream = connect(target);
    const pair: ProxyPair = {
      client,
      server: upstream,
      cut() {
        client.resetAndDestroy();
        upstream.destroy();
        pairs.delete(pair);
      },
    };
    if (mode === 'refuse') {
      refused += 1;
      return pair.cut();
    }
    const state = { isStranded: false, isHoled: false };
    pairs.set(pair, state);
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      socket.on('error', () => pair.cut());
      socket.on('close', () => pair.cut());
    }
    const swallows = (isAnswer: boolean): boolean => {
      const isLost = state.isStranded || mode === 'silent' || (mode === 'deaf' && isAnswer);
      state.isHoled ||= isLost;
      return isLost;
    };
    client.on('data', (bytes: Buffer) => {
      if (swallows(false)) return;
      const pass = (some: Buffer): void => void (upstream.writable && upstream.write(some));
      if (taps.onClientBytes === undefined) pass(bytes);
      else taps.onClientBytes(pair, bytes, pass);
    });
    upstream.on('data', (bytes: Buffer) => {
      if (swallows(true)) return;
      const pass = (some: Buffer): void => void (client.writable && client.write(some));
      if (taps.onServerBytes === undefined) pass(bytes);
      else taps.onServerBytes(pair, bytes, pass);
    });
    return undefined;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    set(next) {
      mode = next;
      for (const [pair, state] of pairs) {
        if (next === 'strand') state.isStranded = true;
        else if (next === 'refuse' || (next === 'pass' && state.isHoled)) pair.cut();
      }
    },
    refused: () => refused,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const pair of pairs.keys()) pair.cut();
      await closed;
    },
  };
}

/** The same URL, by another port of this machine. */
export function throughPort(url: string, port: number): string {
  const other = new URL(url);
  other.port = String(port);
  return other.href;
}

/** Where a database URL points. */
export function endpointOf(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}
