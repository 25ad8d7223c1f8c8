import { makeBadge } from 'badge-maker';
import { personOf } from '../../db/people.ts';
import { globalStanding, peopleOnBoard } from '../../db/standings.ts';
import type { ApiDeps } from '../deps.ts';
import { entityTagOf, isCurrent } from '../entity-tag.ts';
import { repositoryOf } from '../named-repository.ts';
import { SENT, type Exchange, type Handlers } from '../routing.ts';

/** Pages full of badges ask once in this time; who opts out is gone from them as soon. */
const MAX_AGE_S = 300;

const figure = (count: number): string => count.toLocaleString('en-US');

/** Badges: from the database only, the same for everybody, without any parameter. */
export function badgeHandlers({ db, gate }: ApiDeps): Pick<Handlers, 'getRepositoryBadge' | 'getContributorBadge'> {
  const isForAll = !gate.isExposed || gate.publicReads;

  const send = (message: string, color: 'blue' | 'lightgrey', { request, response }: Exchange): typeof SENT => {
    const svg = makeBadge({ label: 'laurels', message, color });
    const tag = entityTagOf(svg);
    response.set({
      ETag: tag,
      'Cache-Control': `${isForAll ? 'public' : 'private'}, max-age=${MAX_AGE_S}`,
      // Shown in other people's pages, where it can do nothing.
      'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
      'Cross-Origin-Resource-Policy': 'cross-origin',
    });
    if (isCurrent(request, tag)) response.status(304).end();
    else response.type('image/svg+xml').send(svg);
    return SENT;
  };

  return {
    async getRepositoryBadge({ params }, exchange) {
      const { id } = await repositoryOf(db, params, exchange.request);
      const people = await peopleOnBoard(db, id);
      if (people === null) return send('not collected yet', 'lightgrey', exchange);
      return send(people === 1 ? '1 contributor' : `${figure(people)} contributors`, 'blue', exchange);
    },

    async getContributorBadge({ params }, exchange) {
      const { id } = await personOf(db, params.username);
      const { rank, people } = await globalStanding(db, id);
      if (rank === null) return send('not ranked', 'lightgrey', exchange);
      return send(`#${figure(rank)} of ${figure(people)}`, 'blue', exchange);
    },
  };
}
