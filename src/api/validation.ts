import type { z } from 'zod';
import { InvalidInput, type FieldError } from '../domain/errors.ts';

type Place = 'path' | 'query' | 'body';

/** No name of a field is longer; what a client sends comes back cut to this. */
const MOST_NAME = 100;
const MOST_SUMMARY = 500;

/** @throws InvalidInput: 422 for a body whose JSON is well-formed, 400 for a path or query (decisions 28). */
function refuse(place: Place, errors: readonly FieldError[]): never {
  const summary = errors.map(({ pointer, detail }) => (pointer === '/' || pointer === '' ? detail : `${pointer} ${detail}`)).join('; ');
  throw new InvalidInput(`The ${place} is wrong: ${summary.slice(0, MOST_SUMMARY)}`, errors, place === 'body' ? 422 : 400);
}

/** What is wrong, field by field: JSON pointers in a body, names elsewhere. */
function fieldErrorsOf(issues: readonly z.core.$ZodIssue[], place: Place): readonly FieldError[] {
  const pointerOf = (path: readonly PropertyKey[]): string =>
    place === 'body' ? `/${path.map(String).join('/')}` : path.map(String).join('.');
  return issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ pointer: pointerOf([...issue.path, key.slice(0, MOST_NAME)]), detail: 'is not known here' }))
      : [{ pointer: pointerOf(issue.path), detail: issue.message }],
  );
}

/** Checks and converts what came in one place of a request; without a schema there is nothing to know. @throws InvalidInput */
export function parsed<S extends z.ZodType>(schema: S | undefined, value: unknown, place: Place): z.output<S> {
  if (schema === undefined) return {} as z.output<S>;
  const result = schema.safeParse(value);
  return result.success ? result.data : refuse(place, fieldErrorsOf(result.error.issues, place));
}

/**
 * The query of a URL as it was sent: each parameter at most once, and only known ones. Express's own parser would make arrays and
 * say nothing of the rest.
 * @throws InvalidInput (400) naming the parameter.
 */
export function parsedQuery<S extends z.ZodObject>(schema: S | undefined, url: string): z.output<S> {
  const given = [...new URL(url, 'http://localhost').searchParams];
  const names = given.map(([name]) => name);
  const errors = names.flatMap((name, index) => {
    const pointer = name.slice(0, MOST_NAME);
    if (schema === undefined || !Object.hasOwn(schema.shape, name)) return [{ pointer, detail: 'is not a parameter of this endpoint' }];
    return names.indexOf(name) === index ? [] : [{ pointer, detail: 'is given more than once' }];
  });
  if (errors.length > 0) refuse('query', errors);
  return parsed(schema, Object.fromEntries(given), 'query');
}
