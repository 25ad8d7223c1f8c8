import { z } from 'zod';
import { SOURCE_NAMES, type SourceName } from '../../domain/contribution.ts';
import { NAME, nameProblem, OWNER_LENGTH, OWNER_SHAPE, ownerProblem, type RepositoryName } from '../../domain/repository-name.ts';
import { isDay } from '../../domain/window.ts';

const problem = (check: (text: string) => string | null) => (value: string, context: z.RefinementCtx) => {
  const message = check(value);
  if (message !== null) context.addIssue({ code: 'custom', message });
};

/** What a schema is in the description of the API, where its code says more than JSON Schema can read from it. */
export const shown = (schema: Readonly<Record<string, unknown>>) => ({
  override: ({ jsonSchema }: { jsonSchema: object }) => {
    for (const keyword of ['type', 'pattern', 'enum'] as const) Reflect.deleteProperty(jsonSchema, keyword);
    Object.assign(jsonSchema, schema);
  },
});

export const owner = z
  .string()
  .superRefine(problem(ownerProblem))
  .describe("The owner's login")
  .meta(shown({ type: 'string', pattern: OWNER_SHAPE.source, minLength: 1, maxLength: OWNER_LENGTH }));
export const name = z
  .string()
  .superRefine(problem(nameProblem))
  .describe("The repository's name")
  .meta(shown({ type: 'string', pattern: NAME.source, not: { pattern: String.raw`^\.{1,2}$|\.[gG][iI][tT]$` } }));

/** `{owner}/{name}` in a path. */
export const repositoryParams = z.strictObject({ owner, name });

/** `{username}` in a path: a login as GitHub writes them, or `id:<GitHub id>`. */
export const username = z
  .string()
  .regex(/^(?:[A-Za-z0-9](?:[A-Za-z0-9_-]{0,98}[A-Za-z0-9_-])?(?:\[bot\])?|id:-?\d{1,15})$/, 'must be a GitHub login, or id:<GitHub id>')
  .describe('A login, of now or of earlier, or id:<GitHub id>');

/** A whole number in a query, `1` to `most`. */
export function whole(most: number) {
  const integer = z
    .string()
    .regex(/^\d{1,6}$/, `must be a whole number from 1 to ${most}`)
    .transform(Number)
    .pipe(z.int().min(1, 'must be at least 1').max(most, `must be at most ${most}`));
  return integer.meta(shown({ type: 'integer', minimum: 1, maximum: most }));
}

/** Rows on a page. */
export const MOST_ROWS = 100;
export const USUAL_ROWS = 50;
export const limit = whole(MOST_ROWS).default(USUAL_ROWS).describe(`Rows on a page, 1 to ${MOST_ROWS}`);

/** Opaque: what `next_cursor` of the page before said. */
export const cursor = z
  .string()
  .regex(/^[\x21-\x7e]{1,1024}$/, 'must be the next_cursor of a page')
  .optional()
  .describe('The next_cursor of the page before');

/** A repository in a query, `owner/name`. */
export const repositoryName = z.string().regex(/^[A-Za-z0-9._-]{1,60}\/[A-Za-z0-9._-]{1,100}$/, 'must be owner/name');

/** Words to look for; wildcards have no meaning. Control characters can't be stored, so nothing can contain them. */
export const q = z
  .string()
  .min(1)
  .max(100, 'must be at most 100 characters')
  // oxlint-disable-next-line no-control-regex -- they are what is refused
  .regex(/^[^\u0000-\u001f\u007f]*$/, 'must not contain control characters')
  .optional();

/** A comma-separated list of known words, each at most once. */
export function wordList<const W extends string>(words: readonly W[]) {
  const list = z.string().transform((text, context): readonly W[] => {
    const wanted = text.split(',').map((word) => word.trim());
    const found = words.filter((word) => wanted.includes(word));
    const unknown = wanted.filter((word) => !(words as readonly string[]).includes(word));
    if (unknown.length === 0) return found;
    context.addIssue({ code: 'custom', message: `must be a comma-separated list of ${words.join(', ')}` });
    return z.NEVER;
  });
  return list.meta(shown({ type: 'array', items: { type: 'string', enum: [...words] }, minItems: 1, uniqueItems: true }));
}

/** `owner/name,owner/name` in a query: `least` to `most` repositories, each once. */
export function repositoryList(least: number, most: number) {
  return z.string().transform((text, context): readonly RepositoryName[] => {
    const names = text.split(',').map((part) => part.trim());
    const wrong = names.flatMap((full) => {
      const [ownerPart = '', namePart = '', ...rest] = full.split('/');
      const detail = rest.length > 0 || namePart === '' ? 'must be owner/name' : (ownerProblem(ownerPart) ?? nameProblem(namePart));
      return detail === null ? [] : [`"${full.slice(0, 100)}" ${detail}`];
    });
    const isRepeated = new Set(names.map((full) => full.toLowerCase())).size < names.length;
    const message =
      wrong[0] ??
      (isRepeated
        ? 'must name each repository once'
        : names.length < least || names.length > most
          ? `must name ${least} to ${most} repositories`
          : null);
    if (message !== null) {
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    }
    return names.map((full) => {
      const [ownerPart = '', namePart = ''] = full.split('/');
      return { owner: ownerPart, name: namePart };
    });
  });
}

/** Logins in a query, comma-separated: `least` to `most` people, each once. */
export function usernameList(least: number, most: number) {
  return z.string().transform((text, context): readonly string[] => {
    const names = text.split(',').map((part) => part.trim());
    const wrong = names.find((one) => !username.safeParse(one).success);
    const isRepeated = new Set(names.map((one) => one.toLowerCase())).size < names.length;
    const message =
      wrong !== undefined
        ? `"${wrong.slice(0, 100)}" is not a login`
        : isRepeated
          ? 'must name each person once'
          : names.length < least || names.length > most
            ? `must name ${least} to ${most} people`
            : null;
    if (message === null) return names;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
}

/** `true` or `false` in a query. */
export const flag = z
  .enum(['true', 'false'])
  .transform((word) => word === 'true')
  .default(false);

export const day = z
  .string()
  .refine(isDay, 'must be a date like 2026-01-31')
  .describe('A UTC day')
  .meta(shown({ type: 'string', format: 'date' }));
export const sinceDay = z
  .union([day, z.literal('all')], { error: 'must be a date like 2026-01-31, or "all"' })
  .describe('A UTC day, or all');

/** The sources a scrape may ask for: all but the sample. */
export const REAL_SOURCES = SOURCE_NAMES.filter((known): known is Exclude<SourceName, 'sample'> => known !== 'sample');
