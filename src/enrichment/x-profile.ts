import { z } from 'zod';
import type { Finding, SourceState } from '../domain/enrichment.ts';
import { publicUrl } from '../domain/public-url.ts';

/** What asking X came to. */
interface XAnswer {
  readonly state: SourceState;
  readonly findings: readonly Finding[];
}

/** Looks a name up at X. */
export type ReadX = (username: string, signal: AbortSignal) => Promise<XAnswer>;

const API_URL = 'https://api.x.com';
const TIMEOUT_MS = 10_000;

const ANSWER = z.object({
  data: z
    .object({
      username: z.string(),
      entities: z
        .object({ url: z.object({ urls: z.array(z.object({ expanded_url: z.string().nullish() })) }).nullish() })
        .nullish()
        .catch(null),
    })
    .nullish(),
});

/** X is asked too often or is away: trying again later helps. */
class XUnavailable extends Error {
  constructor(reason: string) {
    super(`X did not answer: ${reason}`);
    this.name = new.target.name;
  }
}

/**
 * Makes a look-up with the X API (`GET /2/users/by/username/{name}`): whether the name is somebody's, and the website shown there.
 * A key that X refuses is a state, not an error: asking again does not help. @throws XUnavailable where it may.
 */
export function createXReader({ apiKey, apiUrl = API_URL }: { readonly apiKey: string; readonly apiUrl?: string }): ReadX {
  return async (username, signal) => {
    const url = new URL(`/2/users/by/username/${encodeURIComponent(username)}?user.fields=entities`, apiUrl);
    let response: Response;
    try {
      response = await fetch(url, {
        headers: { authorization: `Bearer ${apiKey}`, accept: 'application/json' },
        redirect: 'error',
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
    } catch {
      signal.throwIfAborted();
      // The cause may hold the request with its key.
      throw new XUnavailable('no connection');
    }
    if (response.status === 404) return { state: 'not_found', findings: [] };
    if ([400, 401, 402, 403].includes(response.status)) return { state: 'refused', findings: [] };
    if (!response.ok) throw new XUnavailable(`status ${response.status}`);
    const parsed = ANSWER.safeParse(await response.json().catch(() => null));
    if (!parsed.success) throw new XUnavailable('the answer is not one of the X API');
    const { data } = parsed.data;
    if (data === undefined || data === null) return { state: 'not_found', findings: [] };
    const website = publicUrl(data.entities?.url?.urls[0]?.expanded_url);
    return { state: 'ok', findings: website === null ? [] : [{ field: 'personal_website', value: website, source: 'x' }] };
  };
}
