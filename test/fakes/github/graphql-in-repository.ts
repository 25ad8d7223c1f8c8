/** What the objects inside a repository have in common. Fields that are not there answer null, or an error where null is not allowed. */
import type { View } from './graphql-actors.ts';
import type { FakeRepository } from './data-set.ts';

/** Things of one repository that belong to a pull request or an issue, by its number. */
export function byNumber<T extends { readonly number: number }>(
  view: View,
  repository: FakeRepository,
  what: string,
  items: Map<number, T>,
): Map<number, T[]> {
  return view.data.derived(`${what} by number ${repository.id}`, () => {
    const grouped = new Map<number, T[]>();
    for (const item of items.values()) {
      const group = grouped.get(item.number);
      if (group === undefined) grouped.set(item.number, [item]);
      else group.push(item);
    }
    return grouped;
  });
}

/** The order of creation. */
export const createdKey = (item: { readonly createdAt: string; readonly id: number }): readonly [string, number] => [
  item.createdAt,
  item.id,
];

/** What all objects inside a repository have. */
export class InRepository {
  readonly view: View;
  readonly owner_: FakeRepository;

  constructor(view: View, repository: FakeRepository) {
    this.view = view;
    this.owner_ = repository;
  }

  get repository(): object {
    return this.view.nodes.repository(this.owner_);
  }
  path(rest: string): string {
    return `/${this.view.data.fullNameOf(this.owner_)}${rest}`;
  }
}
