import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { username } from '../api/contract/parameters.ts';
import { AppError } from '../domain/errors.ts';
import { repositoryNameOf, type RepositoryName } from '../domain/repository-name.ts';
import { isDay } from '../domain/window.ts';
import { UsageError } from './exit-code.ts';

/*
 * What options and arguments mean. commander puts the name of the option or argument before what these say is wrong.
 */

/** `owner/name`, or its URL. */
export function repositoryArgument(text: string): RepositoryName {
  try {
    return repositoryNameOf(text);
  } catch (error) {
    if (error instanceof AppError) throw new InvalidArgumentError(`${error.message}.`);
    throw error;
  }
}

/** The same, for an argument that may be given several times. */
export function repositoryArguments(text: string, before: readonly RepositoryName[] | undefined): readonly RepositoryName[] {
  return [...(before ?? []), repositoryArgument(text)];
}

/** A login, or `id:<GitHub id>`. */
export function usernameArgument(text: string): string {
  const parsed = username.safeParse(text.replace(/^@/, ''));
  if (!parsed.success) throw new InvalidArgumentError('It must be a GitHub login, or id:<GitHub id>.');
  return parsed.data;
}

/** The same, for an argument that may be given several times. */
export function usernameArguments(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), usernameArgument(text)];
}

export function dayOption(text: string): string {
  if (!isDay(text)) throw new InvalidArgumentError('It must be a date like 2026-01-31.');
  return text;
}

export function sinceOption(text: string): string {
  if (text !== 'all' && !isDay(text)) throw new InvalidArgumentError('It must be a date like 2026-01-31, or "all".');
  return text;
}

/** A comma-separated list of known words. */
export function wordsOption<const W extends string>(words: readonly W[]): (text: string) => readonly W[] {
  return (text) => {
    const given = text.split(',').map((word) => word.trim());
    const unknown = given.find((word) => !(words as readonly string[]).includes(word));
    if (unknown !== undefined) throw new InvalidArgumentError(`"${unknown}" is not one of ${words.join(', ')}.`);
    return words.filter((word) => given.includes(word));
  };
}

export function wholeOption(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (!/^\d+$/.test(text) || number < least || number > most) {
      throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
    }
    return number;
  };
}

/** How many rows of a list: as many pages as they take. */
export const rowsOption = wholeOption(1, 1_000_000);

/** A directory that exists, as an absolute path. @throws UsageError naming it */
export async function existingDirectory(argument: string, path: string): Promise<string> {
  const absolute = resolve(path);
  try {
    if ((await stat(absolute)).isDirectory()) return absolute;
  } catch (error) {
    throw new UsageError(`${argument}: directory ${absolute} can't be read: does it exist?`, { cause: error });
  }
  throw new UsageError(`${argument}: ${absolute} is not a directory.`);
}
