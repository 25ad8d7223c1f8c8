import { createRequire } from 'node:module';
import { CONTRACT } from '../contract.ts';
import { entityTagOf, isCurrent } from '../entity-tag.ts';
import { openApiDocument } from '../openapi/document.ts';
import { SENT, type Handlers } from '../routing.ts';

const { version } = createRequire(import.meta.url)('../../../package.json') as { readonly version: string };

/** The description of the API, for programs. */
export function openApiHandlers(): Pick<Handlers, 'getOpenApi'> {
  // Written when the first one asks: a start need not wait for it.
  let json: string | null = null;
  return {
    async getOpenApi(_, { request, response }) {
      json ??= JSON.stringify(openApiDocument(CONTRACT, version));
      const tag = entityTagOf(json);
      response.set({ ETag: tag, 'Cache-Control': 'no-cache' });
      if (isCurrent(request, tag)) response.status(304).end();
      else response.type('application/json').send(json);
      return SENT;
    },
  };
}
