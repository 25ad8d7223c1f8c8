import { expect, test } from '@jest/globals';
import { readGithubProfile, userNodeId } from '../../src/enrichment/github-profile.ts';

const answering = (user: Record<string, unknown> | null) => async () => ({ nodes: [user] });
const base = { __typename: 'User', databaseId: 583_231, login: 'octocat', avatarUrl: 'https://avatars.githubusercontent.com/u/583231?v=4' };
const read = (user: Record<string, unknown>, withEmail = false) =>
  readGithubProfile(answering({ ...base, ...user }), 583_231, { withEmail });

test("an account is asked for by GitHub's own node id, made from its number", () => {
  expect(userNodeId(583_231)).toBe('U_kgDOAAjmPw');
  expect(Buffer.from(userNodeId(2 ** 32 + 1).slice(2), 'base64url').toString('hex')).toBe('9200cf0000000100000001');
});

test('an empty profile has nothing, an app or a deleted account has none', async () => {
  expect(await read({ name: null, socialAccounts: null })).toMatchObject({ displayName: null, findings: [] });
  expect(await readGithubProfile(answering(null), 1, { withEmail: true })).toBeNull();
  expect(await readGithubProfile(answering({ __typename: 'Bot', login: 'x' }), 1, { withEmail: true })).toBeNull();
});

test('an answer about another account is refused: a login that was taken over is never believed', async () => {
  await expect(read({ databaseId: 7 })).rejects.toThrow('another account');
});

test('an e-mail is taken along only where that is switched on', async () => {
  expect((await read({ email: 'cat@octo.example' }))?.findings).toEqual([]);
  expect((await read({ email: 'cat@octo.example' }, true))?.findings).toEqual([
    { field: 'personal_email', value: 'cat@octo.example', source: 'github_profile' },
  ]);
});

test('networks are found in the fields made for them, in the website, in the text and in the list of accounts; each once', async () => {
  const profile = await read({
    bio: 'see https://www.linkedin.com/in/octo-bio.',
    websiteUrl: 'https://twitter.com/octo_site',
    twitterUsername: null,
    socialAccounts: {
      nodes: [
        { provider: 'TWITTER', url: 'https://twitter.com/octo_one' },
        { provider: 'TWITTER', url: 'https://twitter.com/octo_two' },
        { provider: 'LINKEDIN', url: 'https://www.linkedin.com/in/octo' },
        { provider: 'GENERIC', url: 'https://octo.example' },
        { provider: 'MASTODON', url: 'https://social.example/@octo' },
        null,
      ],
    },
  });
  expect(profile?.findings.map(({ field, value, source }) => [field, value, source])).toEqual([
    ['linkedin_url', 'https://www.linkedin.com/in/octo-bio', 'github_profile'],
    ['twitter_username', 'octo_one', 'github_social'],
    ['linkedin_url', 'https://www.linkedin.com/in/octo', 'github_social'],
    ['personal_website', 'https://octo.example/', 'github_social'],
  ]);
});

test.each(['<img src=x onerror=alert(1)>', '"><svg/onload=alert(1)>', '</script><script>alert(1)</script>'])(
  'A077, A078, A079: %s in a name is a text like any other',
  async (text) => {
    expect(await read({ name: text, company: text, location: text })).toMatchObject({ displayName: text, company: text, location: text });
  },
);

test.each([
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  '\tjavascript:alert(1)',
  'data:text/html,alert(1)',
  'vbscript:x',
  '//evil.example',
])('A081: a website %j is not taken along', async (websiteUrl) => {
  expect((await read({ websiteUrl }))?.findings).toEqual([]);
});

test.each([
  'http://169.254.169.254/x',
  'file:///etc/passwd',
  'https://evil.example/a.svg',
  'https://avatars.githubusercontent.com.evil.example/u/1',
])('A083: a picture at %s is not taken along', async (url) => {
  expect(await read({ avatarUrl: url })).toMatchObject({ avatarUrl: null });
});

test('A087: control characters leave no trace in a name', async () => {
  expect(await read({ name: 'x\n2026-01-01 ERROR admin\u001b[2J' })).toMatchObject({ displayName: 'x 2026-01-01 ERROR admin [2J' });
});

test('A089: figures and fields that are not what they should be are left out, not believed', async () => {
  const profile = await read({
    name: 12,
    company: { $ne: 1 },
    location: ['a'],
    twitterUsername: -1,
    socialAccounts: 'none',
    followers: 1e308,
  });
  expect(profile).toMatchObject({ displayName: null, company: null, location: null, findings: [] });
});
