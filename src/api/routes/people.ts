import { setKind } from '../../db/account-kinds.ts';
import { queryable } from '../../db/database.ts';
import { erasePerson } from '../../db/erasure.ts';
import { mergePeople, splitPerson, type Belonging } from '../../db/identities.ts';
import { listIdentityChanges, type StoredIdentityChange } from '../../db/identity-changes.ts';
import { suggestIdentities, type Suggestion } from '../../db/identity-suggestions.ts';
import { hidePerson, showPerson } from '../../db/opt-out.ts';
import { accountsShown, findAnyone, githubIdOf, personOf, type Anyone, type Person, type PersonAccount } from '../../db/people.ts';
import { ContributorNotFound } from '../../domain/errors.ts';
import type { IdentityChangeResource, IdentityResource, SuggestionResource } from '../contract/people.ts';
import type { ApiDeps } from '../deps.ts';
import { atCursor, nextLink } from '../paging.ts';
import type { Handlers } from '../routing.ts';

type PeopleHandlers = Pick<
  Handlers,
  | 'setContributorKind'
  | 'getContributorIdentities'
  | 'mergeContributors'
  | 'splitContributor'
  | 'listIdentitySuggestions'
  | 'hideContributor'
  | 'showContributor'
  | 'eraseContributor'
>;

/** Kinds, identities, opt-out and erasure. */
export function peopleHandlers({ db, optOutKey }: ApiDeps): PeopleHandlers {
  /** Whom an opt-out is about: hidden people are found, too, and a number needs nobody behind it. */
  const subjectOf = async (username: string): Promise<Anyone | { readonly githubId: number }> => {
    const person = await findAnyone(db, username);
    if (person !== null) return person;
    const githubId = githubIdOf(username);
    if (githubId === null) throw new ContributorNotFound(username);
    return { githubId };
  };

  return {
    async setContributorKind({ params, body }, { caller, concerns }) {
      const person = await setKind(db, { username: params.username, ...body, actor: caller.name });
      concerns({ person_id: person.id });
      return { status: 200, body: identityOf(person) };
    },

    async getContributorIdentities({ params, query }, { request, response }) {
      const person = await personOf(db, params.username);
      const accountIds = person.accounts.map(({ id }) => id);
      const { data, nextCursor, total } = await atCursor(query.cursor, () => listIdentityChanges(db, { accountIds, ...pageQuery(query) }));
      const involved = await accountsShown(queryable(db), [...new Set(data.flatMap(({ userIds }) => userIds))]);
      response.set(nextLink(request, 'cursor', nextCursor));
      const changes = { data: data.map((change) => changeOf(change, involved)), next_cursor: nextCursor, total };
      return { status: 200, body: { ...identityOf(person), changes } };
    },

    async mergeContributors({ params, body }, { caller, concerns }) {
      const { accounts, reason = null } = body;
      const person = await mergePeople(db, { username: params.username, accounts, reason, actor: caller.name });
      concerns({ person_id: person.id });
      return { status: 200, body: identityOf(person) };
    },

    async splitContributor({ params, body }, { caller, concerns }) {
      const { accounts = [], reason = null } = body ?? {};
      const person = await splitPerson(db, { username: params.username, accounts, reason, actor: caller.name });
      concerns({ person_id: person.id });
      return { status: 200, body: identityOf(person) };
    },

    async listIdentitySuggestions({ query }, { request, response }) {
      const { data, nextCursor, total } = await atCursor(query.cursor, () => suggestIdentities(db, pageQuery(query)));
      response.set(nextLink(request, 'cursor', nextCursor));
      return { status: 200, body: { data: data.map(suggestionOf), next_cursor: nextCursor, total } };
    },

    async hideContributor({ params }, { concerns }) {
      const subject = await subjectOf(params.username);
      concerns(idOf(subject));
      await hidePerson(db, optOutKey, subject);
      return { status: 204 };
    },

    async showContributor({ params }, { concerns }) {
      const subject = await subjectOf(params.username);
      concerns(idOf(subject));
      await showPerson(db, optOutKey, subject);
      return { status: 204 };
    },

    async eraseContributor({ params }, { concerns }) {
      concerns(idOf(await subjectOf(params.username)));
      await erasePerson(db, optOutKey, params.username);
      return { status: 204 };
    },
  };
}

/** Our own number of somebody, as the audit has it: when they are erased it means nothing any more. GitHub's would still name them. */
function idOf(subject: Anyone | { readonly githubId: number }): { readonly person_id?: number } {
  return 'id' in subject ? { person_id: subject.id } : {};
}

function pageQuery({ limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined }) {
  return { limit, ...(cursor === undefined ? {} : { cursor }) };
}

const referenceOf = ({ githubId, username }: Pick<PersonAccount, 'githubId' | 'username'>) => ({ github_id: githubId, username });

function identityOf(person: Person): IdentityResource {
  return {
    contributor: referenceOf(person),
    kind: person.kind,
    kind_rule: person.kindRule,
    kind_overridden: person.isKindOverridden,
    accounts: person.accounts.map(referenceOf),
  };
}

function changeOf(change: StoredIdentityChange, involved: ReadonlyMap<number, PersonAccount>): IdentityChangeResource {
  const shown = (id: number) => {
    const account = involved.get(id);
    return account === undefined ? null : referenceOf(account);
  };
  const state = (stored: unknown): IdentityChangeResource['before'] =>
    change.action === 'kind'
      ? (stored as Extract<IdentityChangeResource['before'], { kind: unknown }>)
      : (stored as readonly Belonging[]).map(({ account, person }) => ({ account: shown(account), counted_for: shown(person) }));
  const { id, at, action, actor, reason } = change;
  return { id, at: at.toISOString(), action, by: actor, reason, before: state(change.before), after: state(change.after) };
}

function suggestionOf({ reason, login, people }: Suggestion): SuggestionResource {
  const [one] = people;
  return {
    reason,
    evidence:
      reason === 'rename' ? `Both were seen under the login ${login}.` : 'Both show the same e-mail address, which GitHub has verified.',
    contributors: people.map(({ displayName, kind, ...account }) => ({ ...referenceOf(account), display_name: displayName, kind })),
    links: { merge: `/api/v1/contributors/${encodeURIComponent(`id:${one.githubId}`)}/merge` },
  };
}
