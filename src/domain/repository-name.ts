import { InvalidInput } from './errors.ts';

/** A repository as people write it. GitHub compares both parts without case. */
export interface RepositoryName {
  readonly owner: string;
  readonly name: string;
}

/**
 * GitHub's rules: a login is 1-39 letters, digits and hyphens (enterprise accounts end in `_short`); a name is 1-100 of
 * `A-Za-z0-9._-`. New logins have single inner hyphens only, old ones such as `foo-` and `a--b` still exist.
 */
export const OWNER_SHAPE = /^[A-Za-z0-9][A-Za-z0-9-]*(?:_[A-Za-z0-9]{1,10})?$/;
export const OWNER_LENGTH = 39;
export const NAME = /^[A-Za-z0-9._-]{1,100}$/;

/** Longer than any URL of a repository; what is longer is refused unread. */
const LONGEST_TEXT = 300;

/** What is wrong with an owner, or null when it is right. */
export function ownerProblem(owner: string): string | null {
  return owner.length <= OWNER_LENGTH && OWNER_SHAPE.test(owner)
    ? null
    : 'an owner is 1-39 letters, digits or hyphens and begins with a letter or digit';
}

/** What is wrong with a repository's name, or null when it is right. */
export function nameProblem(name: string): string | null {
  if (!NAME.test(name)) return 'a repository name is 1-100 letters, digits, dots, hyphens or underscores';
  return name === '.' || name === '..' || name.toLowerCase().endsWith('.git') ? `"${name}" can't be a repository name` : null;
}

/**
 * Reads `owner/name`, `https://github.com/owner/name(.git)` or `git@github.com:owner/name.git`.
 * @throws InvalidInput (422) that says which part is wrong and what would be right.
 */
export function repositoryNameOf(text: string): RepositoryName {
  if (text.length > LONGEST_TEXT) {
    const detail = `at most ${LONGEST_TEXT} characters, not ${text.length}`;
    throw new InvalidInput('That is not a repository: write owner/name or its GitHub URL', [{ pointer: '/name', detail }]);
  }
  const path = text
    .trim()
    .replace(/[?#].*$/, '')
    .replace(/^(?:https?:\/\/(?:www\.)?[^/\s]+\/|git@[^:\s]+:|ssh:\/\/git@[^/\s]+\/)/, '')
    .replace(/(?:\.git)?\/*$/, '');
  const [owner = '', name = '', ...rest] = path.split('/');
  const errors = [
    { pointer: '/owner', detail: ownerProblem(owner) },
    { pointer: '/name', detail: nameProblem(name) },
  ].flatMap(({ pointer, detail }) => (detail === null ? [] : [{ pointer, detail }]));
  if (rest.length > 0 && !/^https?:/.test(text.trim())) errors.push({ pointer: '/name', detail: 'write owner/name, with one slash' });
  if (errors.length > 0) throw new InvalidInput(`"${text}" is not a repository: write owner/name or its GitHub URL`, errors);
  return { owner, name };
}

/** `owner/name`. */
export function fullNameOf(repository: RepositoryName): string {
  return `${repository.owner}/${repository.name}`;
}

/** `owner/name` in lower case: what names are compared by. */
export function nameKeyOf(repository: RepositoryName): string {
  return fullNameOf(repository).toLowerCase();
}
