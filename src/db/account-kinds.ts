import type { AccountKind } from '../domain/account-kind.ts';
import { changeBoards } from './boards.ts';
import type { Database } from './database.ts';
import { noteIdentityChange } from './identity-changes.ts';
import { personOf, type Person } from './people.ts';
import { repositoriesOf } from './person-repositories.ts';

/** The rule that stands beside a kind somebody has set. */
const OVERRIDDEN = 'override';

/**
 * Says who stands behind a person's account; from now on no rule does. Boards follow at once. The same kind again is noted, too:
 * it is now a person's word, not a rule's.
 * @throws ContributorNotFound, ContributorHidden
 */
export async function setKind(
  db: Database,
  o: { readonly username: string; readonly kind: AccountKind; readonly reason: string; readonly actor: string },
): Promise<Person> {
  return changeBoards(db, async (client) => {
    const person = await personOf(client, o.username);
    const { rows } = await client.query<{ kind: AccountKind; rule: string | null; overridden: boolean }>(
      `SELECT kind, kind_rule AS rule, kind_overridden AS overridden FROM github_user WHERE id = $1`,
      [person.id],
    );
    await client.query('UPDATE github_user SET kind = $2, kind_rule = $3, kind_overridden = true WHERE id = $1', [
      person.id,
      o.kind,
      OVERRIDDEN,
    ]);
    const after = { kind: o.kind, rule: OVERRIDDEN, overridden: true };
    await noteIdentityChange(client, { action: 'kind', userIds: [person.id], before: rows[0], after, reason: o.reason, actor: o.actor });
    const accounts = person.accounts.map(({ id }) => id);
    const repositories = person.kind === o.kind ? [] : await repositoriesOf(client, accounts);
    return { repositories, result: { ...person, kind: o.kind, kindRule: OVERRIDDEN, isKindOverridden: true } };
  });
}
