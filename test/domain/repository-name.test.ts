import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { InvalidInput } from '../../src/domain/errors.ts';
import { fullNameOf, nameKeyOf, repositoryNameOf } from '../../src/domain/repository-name.ts';

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'.split('');
const anyOwner = fc.string({ unit: fc.constantFrom(...LETTERS), minLength: 1, maxLength: 39 });
const anyName = fc
  .string({ unit: fc.constantFrom(...LETTERS, '.', '_', '-'), minLength: 1, maxLength: 100 })
  .filter((name) => name !== '.' && name !== '..' && !name.toLowerCase().endsWith('.git'));

describe('a repository', () => {
  test.each([
    'rust-lang/rust',
    ' rust-lang/rust ',
    'https://github.com/rust-lang/rust',
    'http://www.github.com/rust-lang/rust/',
    'https://github.com/rust-lang/rust.git',
    'https://github.com/rust-lang/rust/tree/master/src',
    'https://github.com/rust-lang/rust?tab=readme-ov-file',
    'https://github.com/rust-lang/rust#readme',
    'git@github.com:rust-lang/rust.git',
    'ssh://git@github.com/rust-lang/rust.git',
    'https://git.example.org/rust-lang/rust',
  ])('is read from "%s"', (text) => {
    expect(repositoryNameOf(text)).toEqual({ owner: 'rust-lang', name: 'rust' });
  });

  test.each(['octo_corp/x', 'foo-/x', 'a--b/x', `${'a'.repeat(39)}/x`, 'A/_', 'a/-', 'a/.github'])(
    '"%s" is a name GitHub knows',
    (text) => {
      expect(fullNameOf(repositoryNameOf(text))).toBe(text);
    },
  );

  test('is read from its own name and its own URL', () => {
    fc.assert(
      fc.property(anyOwner, anyName, (owner, name) => {
        expect(repositoryNameOf(`${owner}/${name}`)).toEqual({ owner, name });
        expect(repositoryNameOf(`https://github.com/${owner}/${name}.git`)).toEqual({ owner, name });
      }),
    );
  });

  test('is compared without case', () => {
    expect(nameKeyOf({ owner: 'CachetHQ', name: 'Cachet' })).toBe('cachethq/cachet');
  });

  test.each([
    ['', '/owner'],
    ['rust', '/name'],
    ['/rust', '/owner'],
    ['-foo/x', '/owner'],
    [`${'a'.repeat(40)}/x`, '/owner'],
    ['gіthub/x', '/owner'],
    ['a b/x', '/owner'],
    ['a\u0000/x', '/owner'],
    ['o/..', '/name'],
    ['o/.', '/name'],
    ['o/a.git.git', '/name'],
    ['o/r/x', '/name'],
    [`o/${'n'.repeat(101)}`, '/name'],
    ['o/%2e%2e', '/name'],
    ["o/' or 1=1", '/name'],
  ])('"%s" is refused at %s', (text, pointer) => {
    const error = (() => {
      try {
        return repositoryNameOf(text);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toBeInstanceOf(InvalidInput);
    expect((error as InvalidInput).errors.map((problem) => problem.pointer)).toContain(pointer);
  });

  test('a long text is refused at once: nothing in it takes quadratic time', () => {
    for (const text of [`a${'/'.repeat(100_000)}x`, 'a-'.repeat(50_000), `o/${'.git'.repeat(50_000)}`, `${' '.repeat(100_000)}x`]) {
      const begun = performance.now();
      expect(() => repositoryNameOf(text)).toThrow(InvalidInput);
      expect(performance.now() - begun).toBeLessThan(1_000);
    }
  });

  test('any text is either read as a name that reads the same again, or refused as input', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webUrl()), (text) => {
        try {
          const name = repositoryNameOf(text);
          expect(repositoryNameOf(fullNameOf(name))).toEqual(name);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidInput);
        }
      }),
    );
  });
});
