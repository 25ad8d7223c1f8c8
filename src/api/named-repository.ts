import type { Request } from 'express';
import type { Database } from '../db/database.ts';
import { findByOldName, findRepositories, findRepository, type StoredRepository } from '../db/repositories.ts';
import { RepositoryNotFound } from '../domain/errors.ts';
import type { RepositoryName } from '../domain/repository-name.ts';
import { RepositoryMoved } from './errors.ts';

/**
 * The repository a path names, in whatever case.
 * @throws RepositoryMoved (308) for an old name: the same path with the new one. @throws RepositoryNotFound
 */
export async function repositoryOf(db: Database, name: RepositoryName, request: Request): Promise<StoredRepository> {
  const repository = await findRepository(db, name);
  if (repository !== null) return repository;
  const moved = await findByOldName(db, name);
  if (moved === null) throw new RepositoryNotFound(name.owner, name.name);
  const template = (request.route as { readonly path: string }).path;
  const path = template.replace(':owner', encodeURIComponent(moved.owner)).replace(':name', encodeURIComponent(moved.name));
  throw new RepositoryMoved(path + new URL(request.originalUrl, 'http://localhost').search);
}

/** The repositories that a query names, in its order; old names lead to what they are called now. @throws RepositoryNotFound */
export async function repositoriesOf(db: Database, names: readonly RepositoryName[]): Promise<readonly StoredRepository[]> {
  const found = await findRepositories(db, names);
  return names.map(({ owner, name }, index) => {
    const repository = found[index];
    if (repository === undefined || repository === null) throw new RepositoryNotFound(owner, name);
    return repository;
  });
}

/** The repository that `owner/name` in a query names; an old name leads to what it is called now. @throws RepositoryNotFound */
export async function repositoryNamed(db: Database, fullName: string): Promise<StoredRepository> {
  const [owner = '', name = ''] = fullName.split('/');
  const repository = (await findRepository(db, { owner, name })) ?? (await findByOldName(db, { owner, name }));
  if (repository === null) throw new RepositoryNotFound(owner, name);
  return repository;
}
