import { readAvatar, storeAvatar, type StoredAvatar } from '../../db/avatars.ts';
import { createSharedReads } from '../../db/shared-reads.ts';
import type { ApiDeps } from '../deps.ts';
import { drawnAvatar } from '../drawn-avatar.ts';
import { entityTagOf, isCurrent } from '../entity-tag.ts';
import { SENT, type Handlers } from '../routing.ts';

const DAY_MS = 86_400_000;
/** A kept picture is asked for again after this; one that is not there, sooner. */
const FRESH_MS = 7 * DAY_MS;
const NONE_FRESH_MS = DAY_MS;
/** After the host could not be reached nobody waits for it again before this. */
const REST_MS = 60_000;
const MOST_AT_ONCE = 6;
/** Seconds a browser keeps a picture, and a drawn one. */
const KEEP_S = 86_400;
const KEEP_DRAWN_S = 600;

/** Pictures of accounts that are known here: kept ones, new ones from GitHub's host, else drawn ones. */
export function avatarHandlers({ db, log, fetchAvatar }: ApiDeps): Pick<Handlers, 'getAvatar'> {
  const shared = createSharedReads<StoredAvatar | null>();
  const waiting: (() => void)[] = [];
  let fetching = 0;
  let restUntil = 0;

  const turn = async (): Promise<void> => {
    if (fetching < MOST_AT_ONCE) fetching += 1;
    else await new Promise<void>((resolve) => void waiting.push(resolve));
  };

  const isFresh = ({ image, fetchedAt }: StoredAvatar): boolean =>
    Date.now() - fetchedAt.getTime() < (image === null ? NONE_FRESH_MS : FRESH_MS);

  /** The picture there is now; null when there is none, an old one when the host is away. */
  const currentOf = async (githubId: number): Promise<StoredAvatar | null> => {
    const { isKnown, stored } = await readAvatar(db, githubId);
    if (!isKnown) return null;
    if ((stored !== null && isFresh(stored)) || githubId <= 0 || performance.now() < restUntil) return stored;
    await turn();
    try {
      // The host may have been found away while this one waited.
      if (performance.now() < restUntil) return stored;
      const fetched = await fetchAvatar(githubId);
      if (fetched.state === 'unreachable') {
        restUntil = performance.now() + REST_MS;
        log.info({ reason: fetched.reason }, 'avatars not fetched for a minute');
        return stored;
      }
      const picture = fetched.state === 'found' ? fetched : null;
      await storeAvatar(db, githubId, picture);
      return { mediaType: picture?.mediaType ?? null, image: picture?.image ?? null, fetchedAt: new Date() };
    } finally {
      // The turn goes on to who waits longest.
      const next = waiting.shift();
      if (next === undefined) fetching -= 1;
      else next();
    }
  };

  return {
    async getAvatar({ params }, { request, response }) {
      const githubId = Number(params.github_id);
      const picture = await shared(params.github_id, () => currentOf(githubId));
      const isDrawn = picture === null || picture.image === null || picture.mediaType === null;
      const image = isDrawn ? Buffer.from(drawnAvatar(githubId)) : (picture.image ?? Buffer.alloc(0));
      const tag = entityTagOf(image);
      response.set({
        ETag: tag,
        'Cache-Control': `private, max-age=${isDrawn ? KEEP_DRAWN_S : KEEP_S}`,
        'Content-Type': isDrawn ? 'image/svg+xml; charset=utf-8' : (picture.mediaType ?? ''),
        'X-Content-Type-Options': 'nosniff',
      });
      if (isCurrent(request, tag)) response.status(304).end();
      else response.status(200).end(request.method === 'HEAD' ? undefined : image);
      return SENT;
    },
  };
}
