/** What the host of avatars said. `none`: there is no picture, or none that may be shown. */
export type FetchedAvatar =
  | { readonly state: 'found'; readonly mediaType: string; readonly image: Buffer }
  | { readonly state: 'none' }
  | { readonly state: 'unreachable'; readonly reason: string };

/** Larger pictures are not shown. */
const MOST_BYTES = 200 * 1024;
const TIMEOUT_MS = 5_000;
/** Pixels that are asked for: avatars are shown small. */
const SIZE = 80;

/** Pictures that are pixels: an SVG could hold anything. Told by their first bytes, whatever the host calls them. */
const RASTER_TYPES: readonly { readonly mediaType: string; readonly begins: (image: Buffer) => boolean }[] = [
  { mediaType: 'image/png', begins: (image) => image.subarray(0, 8).toString('latin1') === '\u0089PNG\r\n\u001a\n' },
  { mediaType: 'image/jpeg', begins: (image) => image.subarray(0, 3).toString('hex') === 'ffd8ff' },
  { mediaType: 'image/gif', begins: (image) => /^GIF8[79]a/.test(image.subarray(0, 6).toString('latin1')) },
  { mediaType: 'image/webp', begins: (image) => /^RIFF[\s\S]{4}WEBP/.test(image.subarray(0, 12).toString('latin1')) },
];

/**
 * Fetches pictures of accounts from one host, `<baseUrl>/u/<id>`, and from nowhere else: redirects are not followed.
 * @param baseUrl `https://avatars.githubusercontent.com`
 */
export function createAvatarFetcher({ baseUrl }: { readonly baseUrl: string }): (githubId: number) => Promise<FetchedAvatar> {
  const base = baseUrl.replace(/\/+$/, '');
  return async (githubId) => {
    if (!Number.isSafeInteger(githubId) || githubId <= 0) return { state: 'none' };
    try {
      const response = await fetch(`${base}/u/${githubId}?s=${SIZE}`, {
        redirect: 'manual',
        credentials: 'omit',
        headers: { accept: 'image/png, image/jpeg, image/gif, image/webp' },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (response.status >= 500 || response.status === 429) {
        await response.body?.cancel();
        return { state: 'unreachable', reason: `status ${response.status}` };
      }
      if (response.status !== 200) {
        await response.body?.cancel();
        return { state: 'none' };
      }
      const image = await atMost(MOST_BYTES, response);
      const type = image === null ? undefined : RASTER_TYPES.find(({ begins }) => begins(image));
      return image === null || type === undefined ? { state: 'none' } : { state: 'found', mediaType: type.mediaType, image };
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      return { state: 'unreachable', reason: cause instanceof Error ? cause.message : String(cause) };
    }
  };
}

/** The body, or null as soon as it is larger than allowed. */
async function atMost(most: number, response: Response): Promise<Buffer | null> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    // Leaving the loop cancels the stream.
    if (size > most) return null;
    parts.push(part);
  }
  return Buffer.concat(parts);
}
