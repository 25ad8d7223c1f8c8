import { BlockList, isIP } from 'node:net';
import type { IncomingMessage } from 'node:http';

/** Who is at the other end of a request, as far as those in between can be believed. */
export interface ClientAddresses {
  /** The client's address: what the trusted proxies say, else the peer's own. */
  addressOf(request: IncomingMessage): string;
  /** Whether the client's own connection is encrypted. */
  isSecure(request: IncomingMessage): boolean;
}

/** Names for ranges, as Express and nginx people know them. */
const RANGES: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};

function rangesOf(word: string): readonly string[] {
  return RANGES[word] ?? [word.includes('/') ? word : `${word}/${isIP(word) === 6 ? 128 : 32}`];
}

/** `::ffff:10.0.0.1` as `10.0.0.1`: what IPv4 clients of an IPv6 socket are called. */
const plain = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '');

/** Reads X-Forwarded-For and X-Forwarded-Proto of the proxies that TRUST_PROXY names, and of nobody else. */
export function createClientAddresses(trustedProxies: readonly string[]): ClientAddresses {
  const trusted = new BlockList();
  for (const range of trustedProxies.flatMap(rangesOf)) {
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
      const told = [request.headers['x-forwarded-for'] ?? []].flat().join(',').split(',').map((part) => plain(part.trim()));
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

/** Whether TRUST_PROXY may hold a word: an address, a range, or the name of one. */
export function isProxyRange(word: string): boolean {
  return rangesOf(word).every((range) => {
    const [network = '', bits = '', ...rest] = range.split('/');
    const version = isIP(network);
    return version !== 0 && rest.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (version === 6 ? 128 : 32);
  });
}
