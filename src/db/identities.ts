import type { PoolClient } from 'pg';
import { ContributorNotFound, InvalidInput } from '../domain/errors.ts';
import { changeBoards, rollUpOf } from './boards.ts';
import type { Database, Queryable } from './database.ts';
import { noteIdentityChange } from './identity-changes.ts';
import { personOf, type Person } from './people.ts';
import { repositoriesOf } from './person-repositories.ts';

/** A change of who is counted for whom. */
export interface IdentityRequest {
  /** Login or `id:<GitHub id>` of the person that stays. */
  readonly username: string;
  /** Logins or `id:<GitHub id>`. */
  readonly accounts: readonly string[];
  readonly reason: string | null;
  readonly actor: string;
}

/** Which account is counted for which, as `identity_change` keeps it. */
export interface Belonging {
  readonly account: number;
  readonly person: number;
}

/**
 * Counts other people's accounts for this person: one of two who are the same gets all their accounts. Rows stay with the accounts
 * that made them, so nothing is lost and {@link splitPerson} takes it back. Self-reviews, double reviews and the line cap are
 * decided anew for the whole person; boards follow at once.
 * @throws ContributorNotFound, ContributorHidden
 * @throws InvalidInput (422) for an account that is counted for the person already, and for the sample's people among real ones.
 */
export async function mergePeople(db: Database, o: IdentityRequest): Promise<Person> {
  return changeBoards(db, async (client) => {
    const person = await personOf(client, o.username);
    const joining: Person[] = [];
    for (const [index, name] of o.accounts.entries()) {
      const other = await named(client, name, index);
      if (other.id === person.id) throw wrong(index, `${name} is counted for ${person.username} already`);
      if (other.isSample !== person.isSample)
        throw wrong(index, "the sample's people go with the sample: they can't be merged with others");
      if (!joining.some(({ id }) => id === other.id)) joining.push(other);
    }
    const moved = joining.flatMap(({ accounts }) => accounts.map(({ id }) => id));
    const before = await belongings(client, [...person.accounts.map(({ id }) => id), ...moved]);
    await client.query('UPDATE github_user SET person_id = $2 WHERE id = ANY($1)', [moved, person.id]);
    return follow(client, { action: 'merge', person, touched: moved, before, request: o });
  });
}

/**
 * Gives accounts back to themselves: each is a person of its own again, with everything it has done. Without accounts all but the
 * person's own are given back.
 * @throws ContributorNotFound, ContributorHidden
 * @throws InvalidInput (422) for an account that is not counted for the person, for the person's own, and when there is none.
 */
export async function splitPerson(db: Database, o: IdentityRequest): Promise<Person> {
  return changeBoards(db, async (client) => {
    const person = await personOf(client, o.username);
    const leaving = new Set<number>();
    for (const [index, name] of o.accounts.entries()) {
      const other = await named(client, name, index);
      if (other.id !== person.id) throw wrong(index, `${name} is not counted for ${person.username}`);
      if (other.named.id === person.id) throw wrong(index, `${name} is the account that stands for the person: split the others off`);
      leaving.add(other.named.id);
    }
    if (o.accounts.length === 0) for (const { id } of person.accounts) if (id !== person.id) leaving.add(id);
    if (leaving.size === 0) {
      const detail = `${person.username} has one account: there is nothing to split`;
      throw new InvalidInput(detail, [{ pointer: '/accounts', detail }]);
    }
    const before = await belongings(
      client,
      person.accounts.map(({ id }) => id),
    );
    await client.query('UPDATE github_user SET person_id = id WHERE id = ANY($1)', [[...leaving]]);
    return follow(client, { action: 'split', person, touched: [...leaving], before, request: o });
  });
}

async function named(client: Queryable, name: string, index: number): ReturnType<typeof personOf> {
  try {
    return await personOf(client, name);
  } catch (error) {
    // It stands in the body: the path was found.
    if (error instanceof ContributorNotFound) throw wrong(index, `${name} is not known here`);
    throw error;
  }
}

function wrong(index: number, detail: string): InvalidInput {
  return new InvalidInput(`accounts: ${detail}`, [{ pointer: `/accounts/${index}`, detail }]);
}

async function belongings(client: Queryable, accounts: readonly number[]): Promise<readonly Belonging[]> {
  const { rows } = await client.query<Belonging>(
    'SELECT id AS account, person_id AS person FROM github_user WHERE id = ANY($1) ORDER BY id',
    [accounts],
  );
  return rows;
}

interface Follow {
  readonly action: 'merge' | 'split';
  readonly person: Person;
  /** The accounts that changed hands. */
  readonly touched: readonly number[];
  readonly before: readonly Belonging[];
  readonly request: IdentityRequest;
}

/** Writes the change down and has days follow: only repositories that the moved accounts worked on can differ. */
async function follow(client: PoolClient, { action, person, touched, before, request }: Follow) {
  const userIds = before.map(({ account }) => account);
  const after = await belongings(client, userIds);
  await noteIdentityChange(client, { action, userIds, before, after, reason: request.reason, actor: request.actor });
  const repositories = await repositoriesOf(client, touched);
  await rollUpOf(client, repositories);
  return { repositories, result: (await personOf(client, `id:${person.githubId}`)) as Person };
}
