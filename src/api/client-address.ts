import { BlockList, isIP } from 'node:net';
import type { IncomingMessage } from 'node:http';

/** Who is at the other end of a request, as far as those in between can be believed. */
export interface ClientAddresses {
  /** The client's address: what the trusted proxies say, else the peer's own. */
  addressOf(request: IncomingMessage): string;
  /** Whether the client's own connection is encrypted. */
  isSecure(request: IncomingMessage): boolean;
}

/** `::ffff:10.0.0.1` as `10.0.0.1`: what IPv4 clients of an IPv6 socket are called. */
const plain = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '');

/**
 * Reads X-Forwarded-For and X-Forwarded-Proto of the trusted proxies, and of nobody else.
 * @param trustedProxies ranges: `10.0.0.0/8`, `::1/128`.
 */
export function createClientAddresses(trustedProxies: readonly string[]): ClientAddresses {
  const trusted = new BlockList();
  for (const range of trustedProxies) {
    const [network = '', bits = ''] = range.split('/');
    trusted.addSubnet(network, Number(bits), isIP(network) === 6 ? 'ipv6' : 'ipv4');
  }
  const isTrusted = (address: string): boolean => {
    const version = isIP(address);
    return version !== 0 && trusted.check(address, version === 6 ? 'ipv6' : 'ipv4');
  };
  const peerOf = (request: IncomingMessage): string => plain(request.socket.remoteAddress ?? '');

  return {
    addressOf(request) {
      // Each proxy appends the peer it saw: read from the end, as long as who wrote it is trusted.
      let address = peerOf(request);
      const told = [request.headers['x-forwarded-for'] ?? []]
        .flat()
        .join(',')
        .split(',')
        .map((part) => plain(part.trim()));
      for (const earlier of told.toReversed()) {
        if (!isTrusted(address) || isIP(earlier) === 0) break;
        address = earlier;
      }
      return address;
    },
    isSecure(request) {
      if ('encrypted' in request.socket && request.socket.encrypted === true) return true;
      const [proto] = [request.headers['x-forwarded-proto'] ?? []].flat();
      return proto?.split(',').at(-1)?.trim() === 'https' && isTrusted(peerOf(request));
    },
  };
}
