import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  ENRICHMENT_FIELDS,
  ENRICHMENT_SOURCES,
  learn,
  linkedinUrlOf,
  publicEmailOf,
  xNameOf,
  type EnrichmentField,
  type EnrichmentSource,
  type Finding,
} from '../../src/domain/enrichment.ts';

const at = '2026-11-24T00:00:00.000Z';
const found = (field: EnrichmentField, source: EnrichmentSource, value: string): Finding => ({ field, source, value });

test('the first source that says something is believed; a better one takes its place, a worse one does not', () => {
  const page = learn({}, ['website'], [found('linkedin_url', 'website', 'page')], at);
  expect(page.linkedin_url).toEqual({ value: 'page', source: 'website', at });
  const profile = learn(page, ['github_profile', 'github_social'], [found('linkedin_url', 'github_social', 'listed')], at);
  expect(profile.linkedin_url).toMatchObject({ value: 'listed', source: 'github_social' });
  expect(learn(profile, ['website'], [found('linkedin_url', 'website', 'page')], at)).toEqual(profile);
});

test('what a source no longer says is gone; what it was not asked for stays', () => {
  const known = learn({}, ['github_profile'], [found('twitter_username', 'github_profile', 'ada')], at);
  expect(learn(known, ['x', 'website'], [], at)).toEqual(known);
  expect(learn(known, ['github_profile'], [], at)).toEqual({});
});

test('a source only speaks for fields that it can know', () => {
  expect(learn({}, ['x'], [found('personal_email', 'x', 'a@b.example')], at)).toEqual({});
});

test('asking the same again changes nothing, and the order of the sources does not matter', () => {
  const finding = fc.record({
    field: fc.constantFrom(...ENRICHMENT_FIELDS),
    source: fc.constantFrom(...ENRICHMENT_SOURCES),
    value: fc.string({ minLength: 1, maxLength: 3 }),
  });
  const one = fc.uniqueArray(finding, { selector: ({ field, source }) => `${field} ${source}` });
  fc.assert(
    fc.property(one, fc.shuffledSubarray([...ENRICHMENT_SOURCES], { minLength: ENRICHMENT_SOURCES.length }), (findings, order) => {
      const all = learn({}, ENRICHMENT_SOURCES, findings, at);
      expect(order.reduce((known, source) => learn(known, [source], findings, at), {})).toEqual(all);
      expect(learn(all, ENRICHMENT_SOURCES, findings, at)).toEqual(all);
    }),
  );
});

test.each([
  ['ada_l', 'ada_l'],
  ['@ada_l', 'ada_l'],
  ['https://twitter.com/ada_l', 'ada_l'],
  ['https://x.com/ada_l/?s=20', 'ada_l'],
  ['https://mobile.twitter.com/@ada_l', 'ada_l'],
  ['https://x.com/home', null],
  ['https://x.com/ada_l/status/1', null],
  ['https://x.com.evil.example/ada_l', null],
  ['a'.repeat(16), null],
  ['ada l', null],
  [null, null],
])('the X name in %j is %j', (written, name) => {
  expect(xNameOf(written)).toBe(name);
});

test.each([
  ['https://www.linkedin.com/in/ada-l', 'https://www.linkedin.com/in/ada-l'],
  ['linkedin.com/in/ada-l/', 'https://www.linkedin.com/in/ada-l'],
  ['http://uk.linkedin.com/in/ada-l?trk=x', 'https://www.linkedin.com/in/ada-l'],
  ['https://www.linkedin.com/company/acme', null],
  ['https://linkedin.com.evil.example/in/ada', null],
  ['javascript:linkedin.com/in/ada', null],
  ['https://www.linkedin.com/in/ada"onclick=', null],
])('the LinkedIn profile in %j is %j', (written, url) => {
  expect(linkedinUrlOf(written)).toBe(url);
});

test.each([
  ['ada@ada.example', 'ada@ada.example'],
  ['1+ada@users.noreply.github.com', null],
  ['ada@localhost', null],
  ['ada@ada.example\nbcc:x@y.example', null],
  ['', null],
])('the address in %j is %j', (written, address) => {
  expect(publicEmailOf(written)).toBe(address);
});
