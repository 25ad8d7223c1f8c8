import { databaseToday } from '../../db/database.ts';
import { personOf } from '../../db/people.ts';
import { readReceipt } from '../../db/score-receipt.ts';
import { DEFAULT_WINDOW, windowOf } from '../../domain/window.ts';
import type { ApiDeps } from '../deps.ts';
import { repositoryNamed } from '../named-repository.ts';
import type { Handlers } from '../routing.ts';
import { receiptResourceOf } from '../score-resource.ts';

/** Receipts of scores. */
export function scoreHandlers({ db, githubWebUrl }: ApiDeps): Pick<Handlers, 'getContributorScore'> {
  return {
    async getContributorScore({ params, query }) {
      const { repository: name, ...days } = query;
      const { window, since, until } = days;
      const isDefault = since === undefined && until === undefined && (window ?? DEFAULT_WINDOW) === DEFAULT_WINDOW;
      const wanted = isDefault ? 'default' : windowOf(days, await databaseToday(db));
      const person = await personOf(db, params.username);
      const repository = name === undefined ? null : await repositoryNamed(db, name);
      const scope = repository === null ? 'global' : { repositoryId: repository.id };
      const receipt = await readReceipt(db, { personId: person.id, scope, window: wanted });
      const asked = Object.entries(days).filter((entry): entry is [string, string] => entry[1] !== undefined);
      return { status: 200, body: receiptResourceOf(receipt, { person, repository, query: Object.fromEntries(asked), githubWebUrl }) };
    },
  };
}
