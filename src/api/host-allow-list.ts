import type { IncomingMessage } from 'node:http';
import { AppError } from '../domain/errors.ts';

/** Names that are this machine, whatever a DNS server says. */
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** Whether a host, with or without a port, is this machine by name. */
export function isLoopbackHost(host: string): boolean {
  const name = host.replace(/:\d+$/, '');
  return LOOPBACK.includes(name) || /^127(?:\.\d{1,3}){3}$/.test(name);
}

/** Whom the server answers to; a page that rebinds its own name to 127.0.0.1 is not among them. */
export interface HostAllowList {
  /**
   * The host the request is for, as `URL.host` writes it.
   * @throws AppError 400 without exactly one Host, 421 for a host that is not ours.
   */
  hostOf(request: IncomingMessage): string;
  /** @throws AppError 403 when a browser says that another site sends the request (decisions 29). */
  refuseForeignOrigin(request: IncomingMessage): void;
}

/** @param extra host names besides the loopback ones: `name` with any port, or `name:port`. */
export function createHostAllowList(extra: readonly string[]): HostAllowList {
  const allowed = new Set([...LOOPBACK, ...extra].map((host) => host.toLowerCase()));

  const hostOf = (request: IncomingMessage): string => {
    const values = request.rawHeaders.filter((_, index) => index % 2 === 1 && request.rawHeaders[index - 1]?.toLowerCase() === 'host');
    const [value, second] = values;
    if (value === undefined || second !== undefined) throw new AppError('invalid_host', 400, 'A request needs exactly one Host header.');
    const [host, name] = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/.exec(value.toLowerCase()) ?? [];
    // Without a port that is the scheme's own, as an Origin is written. 99999 is no port.
    const ours = name !== undefined && (allowed.has(name) || allowed.has(host ?? '')) ? URL.parse(`http://${host}`) : null;
    if (ours === null) {
      throw new AppError(
        'misdirected_request',
        421,
        'This server does not answer for that host. ALLOWED_HOSTS lists the hosts it answers for.',
      );
    }
    return ours.host;
  };

  return {
    hostOf,
    refuseForeignOrigin(request) {
      const refused = (why: string): AppError =>
        new AppError('foreign_origin', 403, `Refused: ${why}. Pages of other sites can't act here.`);
      const { origin, 'sec-fetch-site': site } = request.headers;
      const from = origin === undefined ? null : URL.parse(origin);
      if (origin !== undefined && !(from !== null && /^https?:$/.test(from.protocol) && from.host === hostOf(request))) {
        throw refused('the request comes from a page of another origin');
      }
      if (site !== undefined && site !== 'same-origin' && site !== 'none')
        throw refused(`the browser calls the request ${site.slice(0, 20)}`);
    },
  };
}
