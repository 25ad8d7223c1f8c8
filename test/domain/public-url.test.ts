import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { avatarUrl, publicText, publicUrl } from '../../src/domain/public-url.ts';

test.each([
  ['https://ada.example', 'https://ada.example/'],
  ['http://ada.example:8080/a?b=c#d', 'http://ada.example:8080/a?b=c#d'],
  ['ada.example', 'https://ada.example/'],
  ['www.ada.co.uk/about', 'https://www.ada.co.uk/about'],
  ['ADA.Example', 'https://ada.example/'],
  ['  https://ada.example/  ', 'https://ada.example/'],
  ['https://müller.example/', 'https://xn--mller-kva.example/'],
])('%s is the address %s', (written, address) => {
  expect(publicUrl(written)).toBe(address);
});

test.each([
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  '\tjavascript:alert(1)',
  'java\nscript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:msgbox(1)',
  '//evil.example',
  '\\\\evil.example',
  'https:\\\\evil.example',
  'ftp://ada.example/',
  'mailto:ada@ada.example',
  'ada',
  '',
  'https://',
  'https://ada.example/"onmouseover="alert(1)',
  `https://ada.example/${'a'.repeat(600)}`,
  'https://ada.example/\u202egnp.exe',
])('A081: %j is no address', (written) => {
  expect(publicUrl(written)).toBeNull();
});

test('A082: a name before the host is left out: what is shown is where the link leads', () => {
  expect(publicUrl('https://github.com@evil.example/')).toBe('https://evil.example/');
  expect(publicUrl('https://github.com:443@evil.example/')).toBe('https://evil.example/');
});

test('whatever is written, an address is http or https and stays the same when it is read again', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.webUrl(), fc.stringMatching(/^[a-z]{1,8}:.{0,30}$/)), (written) => {
      const url = publicUrl(written);
      if (url === null) return;
      expect(url).toMatch(/^https?:\/\/[^\s@\\"'<>]+/);
      expect(publicUrl(url)).toBe(url);
    }),
  );
});

test.each([
  'http://169.254.169.254/latest',
  'file:///etc/passwd',
  'https://evil.example/a.svg',
  'https://avatars.githubusercontent.com.evil.example/u/1',
  'https://avatars.githubusercontent.com@evil.example/u/1',
  'http://avatars.githubusercontent.com/u/1',
  'https://avatars.githubusercontent.com:8443/u/1',
  'https://avatars.githubusercontent.com/u/1/../../x',
  'https://avatars.githubusercontent.com/in/1',
])('A083: %s is no picture that is shown', (written) => {
  expect(avatarUrl(written)).toBeNull();
});

test("a picture is one of GitHub's own", () => {
  expect(avatarUrl('https://avatars.githubusercontent.com/u/583231?v=4')).toBe('https://avatars.githubusercontent.com/u/583231?v=4');
});

test('A087: a name is one line without control characters; A077: markup stays the text it is', () => {
  expect(publicText('x\n2026-01-01 ERROR admin logged in')).toBe('x 2026-01-01 ERROR admin logged in');
  expect(publicText('\u001b[2J\u001b]0;pwn\u0007')).toBe('[2J ]0;pwn');
  expect(publicText('a\u2028b\u202ec\u0000d')).toBe('a b c d');
  expect(publicText('\ud800')).toBe('\ufffd');
  expect(publicText(' \t ')).toBeNull();
  expect(publicText('<img src=x onerror=alert(1)>')).toBe('<img src=x onerror=alert(1)>');
  expect(publicText('é'.repeat(500))).toHaveLength(200);
});
