import type { AccountKind } from '../domain/account-kind.ts';
import { queryable, type Database, type Queryable } from './database.ts';

/** Somebody as boards name them. */
export interface ShownName {
  readonly github_id: number;
  readonly username: string;
  readonly display_name: string | null;
  readonly avatar_url: string | null;
  readonly kind: AccountKind;
}

/** Whether people are still called and shown as they were. */
export async function areNamedSo(db: Database | Queryable, people: readonly ShownName[]): Promise<boolean> {
  const { rows } = await queryable(db).query<ShownName>({
    name: 'shown-names',
    text: 'SELECT github_id, username, display_name, avatar_url, kind FROM github_user WHERE github_id = ANY($1::bigint[])',
    values: [people.map(({ github_id }) => github_id)],
  });
  const now = new Map(rows.map((row) => [row.github_id, row]));
  return people.every((before) => {
    const after = now.get(before.github_id);
    return (['username', 'display_name', 'avatar_url', 'kind'] as const).every((field) => after?.[field] === before[field]);
  });
}
