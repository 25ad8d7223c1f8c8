import { lookup as resolveHost } from 'node:dns/promises';
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createUnzip } from 'node:zlib';
import { Parser } from 'htmlparser2';
import { linkedinUrlOf, xNameOf, type Finding, type SourceState } from '../domain/enrichment.ts';
import { isPublicAddress } from './public-address.ts';

/** What reading a website came to. */
interface WebsiteAnswer {
  readonly state: SourceState;
  readonly findings: readonly Finding[];
}

/** Reads the page at an address that a stranger wrote. */
export type ReadWebsite = (url: string, signal: AbortSignal) => Promise<WebsiteAnswer>;

/** What may be connected to. */
interface Reach {
  readonly address: (address: string) => boolean;
  readonly port: (port: number) => boolean;
}

const PUBLIC_WEB: Reach = { address: isPublicAddress, port: (port) => port === 80 || port === 443 };
const TIMEOUT_MS = 10_000;
const MOST_BYTES = 1_000_000;
const MOST_HOPS = 3;

/** Ends the reading with a state: nothing was wrong with the reader. */
class Ended extends Error {
  readonly state: SourceState;
  constructor(state: SourceState) {
    super(state);
    this.state = state;
  }
}

/**
 * Makes a reader for websites. It follows at most three redirections and gives up after 10 s and at 1 MB of decoded HTML. Each hop's
 * host is resolved once; if any of its addresses is not public nothing is connected to, else the connection goes to the address that
 * was checked, whatever the name means a moment later. Of the page only links marked `rel="me"` are read.
 */
export function createWebsiteReader({
  resolve = async (host) => (await resolveHost(host, { all: true, verbatim: true })).map(({ address }) => address),
  reach = PUBLIC_WEB,
  timeoutMs = TIMEOUT_MS,
}: {
  /** The addresses of a host name. Tests give their own. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
  /** Tests let their own server be reached. */
  readonly reach?: Reach;
  readonly timeoutMs?: number;
} = {}): ReadWebsite {
  return async (url, signal) => {
    const deadline = AbortSignal.timeout(timeoutMs);
    const both = AbortSignal.any([signal, deadline]);
    try {
      const links = await follow(new URL(url), { resolve, reach, signal: both });
      return { state: 'ok', findings: findingsOf(links) };
    } catch (error) {
      signal.throwIfAborted();
      if (deadline.aborted) return { state: 'too_slow', findings: [] };
      return { state: error instanceof Ended ? error.state : 'unreachable', findings: [] };
    }
  };
}

interface Way {
  readonly resolve: (host: string) => Promise<readonly string[]>;
  readonly reach: Reach;
  readonly signal: AbortSignal;
}

async function follow(first: URL, way: Way): Promise<readonly string[]> {
  let url = first;
  for (let hop = 0; hop <= MOST_HOPS; hop += 1) {
    const address = await checkedAddress(url, way);
    const response = await get(url, address, way.signal);
    const { statusCode: status = 0, headers } = response;
    if (status < 300 || status >= 400) {
      try {
        if (status === 404 || status === 410) throw new Ended('not_found');
        if (status < 200 || status >= 300) throw new Ended('unreachable');
        if (!/^(?:text\/html|application\/xhtml\+xml)\s*(?:;|$)/i.test(headers['content-type'] ?? '')) throw new Ended('not_html');
        return await readLinks(response, url, way.signal);
      } finally {
        response.destroy();
      }
    }
    response.destroy();
    if (headers.location === undefined || !URL.canParse(headers.location, url.href)) throw new Ended('unreachable');
    url = new URL(headers.location, url);
  }
  throw new Ended('unreachable');
}

/** The address to connect to for a URL. @throws Ended `blocked_address`, before anything is sent. */
async function checkedAddress(url: URL, { resolve, reach, signal }: Way): Promise<string> {
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  const isWeb = url.protocol === 'http:' || url.protocol === 'https:';
  if (!isWeb || url.username !== '' || url.password !== '' || !reach.port(port)) throw new Ended('blocked_address');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const addresses = isIP(host) === 0 ? await abortable(resolve(host), signal) : [host];
  const [address] = addresses;
  if (address === undefined) throw new Ended('unreachable');
  // All of them: a name that also means an inner address is not asked for by chance.
  if (!addresses.every((one) => reach.address(one))) throw new Ended('blocked_address');
  return address;
}

function get(url: URL, address: string, signal: AbortSignal): Promise<IncomingMessage> {
  const family = isIP(address);
  const pinned: LookupFunction = (_host, { all }, done) => {
    if (all === true) done(null, [{ address, family }]);
    else done(null, address, family);
  };
  const options: RequestOptions = {
    method: 'GET',
    agent: false,
    lookup: pinned,
    signal,
    headers: { accept: 'text/html', 'accept-encoding': 'gzip, deflate, br', 'user-agent': 'laurels (public profile links)' },
    maxHeaderSize: 16_384,
  };
  return new Promise((done, failed) => {
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options, done);
    request.on('error', failed);
    request.end();
  });
}

/** Addresses of the page's own links, as far as it says that they are the same person (`rel="me"`). */
async function readLinks(response: IncomingMessage, base: URL, signal: AbortSignal): Promise<readonly string[]> {
  const links: string[] = [];
  const parser = new Parser({
    onopentag(name, { rel, href }) {
      if ((name !== 'a' && name !== 'link') || href === undefined || links.length >= 100) return;
      if (rel?.toLowerCase().split(/\s+/).includes('me') === true && URL.canParse(href, base.href)) links.push(new URL(href, base).href);
    },
  });
  const decoder = new TextDecoder('utf-8');
  const encoding = response.headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  const isZipped = ['gzip', 'x-gzip', 'deflate'].includes(encoding);
  const unpack = encoding === 'br' ? createBrotliDecompress() : isZipped ? createUnzip() : null;
  if (unpack === null && encoding !== 'identity') throw new Ended('not_html');
  let bytes = 0;
  const parse = async (parts: AsyncIterable<Buffer>): Promise<void> => {
    for await (const part of parts) {
      bytes += part.length;
      if (bytes > MOST_BYTES) throw new Ended('too_large');
      parser.write(decoder.decode(part, { stream: true }));
    }
    parser.end();
  };
  await (unpack === null ? pipeline(response, parse, { signal }) : pipeline(response, unpack, parse, { signal }));
  return links;
}

function findingsOf(links: readonly string[]): readonly Finding[] {
  const linkedin = links.map(linkedinUrlOf).find((url) => url !== null);
  const x = links.flatMap((link) => (/^https?:/.test(link) ? (xNameOf(link) ?? []) : []))[0];
  return [
    ...(linkedin === undefined || linkedin === null ? [] : [{ field: 'linkedin_url', value: linkedin, source: 'website' } as const]),
    ...(x === undefined ? [] : [{ field: 'twitter_username', value: x, source: 'website' } as const]),
  ];
}

/** Name look-ups know no signal: they are left to themselves. */
async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
