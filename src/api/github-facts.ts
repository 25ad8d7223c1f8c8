import type { RepositoryFacts } from '../db/repositories.ts';
import { AppError } from '../domain/errors.ts';
import { fullNameOf, type RepositoryName } from '../domain/repository-name.ts';
import type { ApiDeps } from './deps.ts';

/**
 * What GitHub says of a name; null where it can't be asked, which is no obstacle.
 * @throws AppError `github_repository_not_found` (404), `repository_blocked` (451), `repository_private` (422)
 */
export async function factsOf(
  { lookUpRepository, allowPrivate, log }: Pick<ApiDeps, 'lookUpRepository' | 'allowPrivate' | 'log'>,
  name: RepositoryName,
): Promise<RepositoryFacts | null> {
  const lookup = await lookUpRepository(name);
  if (lookup.state === 'missing') {
    const detail = `GitHub knows no public repository ${fullNameOf(name)}. Is the name right?`;
    throw new AppError('github_repository_not_found', 404, detail, { ...name });
  }
  if (lookup.state === 'blocked') throw new AppError('repository_blocked', 451, `${fullNameOf(name)}: ${lookup.reason}.`, { ...name });
  if (lookup.state === 'unreachable') {
    log.info({ reason: lookup.reason }, 'GitHub not asked about a repository');
    return null;
  }
  if (lookup.facts.isPrivate && !allowPrivate) {
    throw new AppError('repository_private', 422, `${fullNameOf(name)} is private. Set ALLOW_PRIVATE=true to read it.`, { ...name });
  }
  return lookup.facts;
}
