import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse, print } from 'graphql';
import { ask, list, NAMED, QUERIES, query, SHARED, start, walk, type Loose } from './asking.ts';
import { oidOf, renameAccount, renameRepository } from './changes.ts';
import { countOf, type DataCount } from './count-of.ts';
import { nodeIdOf } from './data-set.ts';
import { generated } from './datasets/generated.ts';
import * as hand from './datasets/hand-checked.ts';
import { handChecked } from './datasets/hand-checked.ts';
import { pruneSchema } from './prune-schema.ts';

describe('GraphQL', () => {
  test('the nine queries are accepted, priced and answered', async () => {
    const { data, repository } = handChecked();
    const fake = await start({ dataset: data });
    const asked: Record<string, Record<string, unknown>> = {
      '01_heartbeat': { ids: [nodeIdOf('R', repository.id), nodeIdOf('R', 2000)] },
      '02_repository': NAMED,
      '03_commits': { ...NAMED, oid: repository.head },
      '04_pull_requests': NAMED,
      '05_pull_request_tail': { id: nodeIdOf('PR', repository.id, 10), after: null },
      '06_issues': { ...NAMED, since: '2020-01-01T00:00:00Z' },
      '07_releases': NAMED,
      '08_users': { ids: [hand.ADA, hand.DEPENDABOT, hand.MANNEQUIN].map((id) => nodeIdOf('U', id)) },
      '09_search_check': {
        opened: 'repo:octo-corp/hand-checked is:pr author:ben',
        merged: 'repo:octo-corp/hand-checked is:pr is:merged merged:2000-01-01..2030-01-01',
        issues: 'repo:octo-corp/hand-checked is:issue is:closed',
      },
    };
    expect(Object.keys(asked)).toEqual(readdirSync(QUERIES).map((file) => file.replace('.graphql', '')));
    const answers: Record<string, Loose> = {};
    for (const [name, variables] of Object.entries(asked)) {
      const { response, body } = await ask(fake, query(name), variables);
      expect(body.errors).toBeUndefined();
      expect(response.headers.get('x-ratelimit-used')).toBe(String(body.data.rateLimit.used));
      answers[name] = body.data;
    }
    expect(fake.mistakes).toEqual([]);
    expect(fake.requests.map((request) => request.operation)).toEqual([
      'Heartbeat',
      'Repository',
      'CommitHistory',
      'PullRequests',
      'PullRequestTail',
      'Issues',
      'Releases',
      'Users',
      'SearchCheck',
    ]);
    // By the formula: 1 + 100 + 100 requests of connections make 2 points; 50 pull requests with reviews make 51, one point.
    expect(answers['03_commits'].rateLimit).toMatchObject({ cost: 2, nodeCount: 700 });
    expect(answers['04_pull_requests'].rateLimit).toMatchObject({ cost: 1, nodeCount: 2050 });
    expect(fake.points.graphql).toBe(10);

    expect(answers['01_heartbeat'].nodes[0]).toMatchObject({
      databaseId: 1000,
      nameWithOwner: 'octo-corp/hand-checked',
      issues: { totalCount: 9 },
    });
    expect(answers['01_heartbeat'].nodes[0].defaultBranchRef.target.history.totalCount).toBe(140);
    expect(answers['05_pull_request_tail'].node.reviews.totalCount).toBe(45);
    expect(answers['07_releases'].releases ?? answers['07_releases'].repository.releases.totalCount).toBe(6);
    expect(answers['08_users'].nodes.map((node: Loose) => [node.__typename, node.login])).toEqual([
      ['User', 'ada'],
      ['Bot', 'dependabot'],
      ['Mannequin', 'imported'],
    ]);
    expect(answers['08_users'].nodes[0].socialAccounts.nodes).toEqual([
      { provider: 'MASTODON', displayName: '@ada@social.example', url: 'https://social.example/@ada' },
    ]);
    expect(answers['09_search_check']).toMatchObject({ opened: { issueCount: 2 }, merged: { issueCount: 7 }, issues: { issueCount: 6 } });
  });

  test('paging shows every commit, pull request, review and issue once', async () => {
    const { data, repository } = handChecked();
    const fake = await start({ dataset: data });
    const commits = await walk(
      fake,
      '03_commits',
      { ...NAMED, oid: repository.head, first: 33 },
      (answer) => answer.repository.object.history,
    );
    expect(commits).toHaveLength(140);
    expect(new Set(commits.map((commit) => commit.oid)).size).toBe(140);
    expect(commits.filter((commit) => commit.parents.totalCount > 1)).toHaveLength(2);
    const squash = commits.find((commit) => commit.authors.totalCount === 7);
    expect(squash.authors.nodes).toHaveLength(5);
    expect(squash.associatedPullRequests.nodes).toEqual([{ number: 11, merged: true, repository: { databaseId: 1000 } }]);
    expect(commits.find((commit) => commit.author.name === 'Gus').author.user).toBeNull();
    // The renamed account keeps the commits of its old address, whoever has the login now.
    const renamed = commits.filter((commit) => commit.author.email.includes('coral@users.noreply'));
    expect(renamed.map((commit) => commit.author.user.databaseId)).toEqual([hand.CLEO, hand.CLEO]);

    const pulls = await walk(fake, '04_pull_requests', { ...NAMED, first: 4 }, (answer) => answer.repository.pullRequests);
    expect(pulls.map((pull) => pull.updatedAt)).toEqual(
      pulls.map((pull) => pull.updatedAt).sort((a: string, b: string) => (a < b ? 1 : -1)),
    );
    expect(pulls).toHaveLength(10);
    expect(pulls.find((pull) => pull.number === 12).author).toBeNull();
    expect(pulls.find((pull) => pull.number === 13).author).toEqual({
      __typename: 'Bot',
      login: 'dependabot',
      databaseId: hand.DEPENDABOT,
    });
    const many = pulls.find((pull) => pull.number === 10);
    expect(many.reviews.nodes).toHaveLength(40);
    const tail = await ask(fake, query('05_pull_request_tail'), { id: many.id, after: many.reviews.pageInfo.endCursor });
    expect(tail.body.data.node.reviews.nodes.map((review: Loose) => review.state).slice(-2)).toEqual(['PENDING', 'DISMISSED']);

    const since = await walk(
      fake,
      '06_issues',
      { ...NAMED, first: 2, since: handChecked().repository.issues.get(1)?.updatedAt },
      (answer) => answer.repository.issues,
    );
    expect(since.map((issue) => issue.number)).not.toContain(7 + 100);
    expect(since).toHaveLength(9);
    const twice = since.find((issue) => issue.number === 2);
    expect(twice.timelineItems.nodes[0].actor.login).toBe('dan');
    // Paging backwards with `last` gives the newest.
    expect(twice.timelineItems.totalCount).toBe(2);
  });

  test('a window of the history is by the date of committing, both ends included', async () => {
    const { data, repository } = handChecked();
    const fake = await start({ dataset: data });
    const at = [...repository.commits.values()].find((commit) => commit.author.name === 'Dan')?.committedAt as string;
    const { body } = await ask(fake, query('03_commits'), { ...NAMED, oid: repository.head, since: at, until: at });
    expect(body.data.repository.object.history).toMatchObject({ totalCount: 1, nodes: [{ committedDate: at }] });
  });

  test('a query that the schema refuses is answered 200 with errors and noted as a mistake', async () => {
    const fake = await start({ dataset: handChecked().data });
    const { response, body } = await ask(
      fake,
      'query Wrong { repository(owner: "octo-corp", name: "hand-checked") { contributors { totalCount } } }',
    );
    expect(response.status).toBe(200);
    expect(body.data).toBeUndefined();
    expect(body.errors[0].message).toContain('Cannot query field "contributors"');
    expect(fake.mistakes).toEqual([expect.stringContaining('Wrong: Cannot query field "contributors"')]);
    const variables = await ask(fake, query('03_commits'), { ...NAMED, oid: 'main' });
    expect(variables.body.errors[0].message).toContain('GitObjectID');
    expect(fake.mistakes).toHaveLength(2);
  });

  test.each([
    [
      'a page over 100',
      '{ repository(owner: "octo-corp", name: "hand-checked") { issues(first: 101) { totalCount } } }',
      'EXCESSIVE_PAGINATION',
    ],
    [
      'a list without first or last',
      '{ repository(owner: "octo-corp", name: "hand-checked") { issues { nodes { number } } } }',
      'MISSING_PAGINATION_BOUNDARIES',
    ],
    [
      'more than 500,000 nodes',
      '{ repository(owner: "octo-corp", name: "hand-checked") { pullRequests(first: 100) { nodes { reviews(first: 100) { nodes { comments(first: 100) { nodes { id } } } } } } } }',
      'MAX_NODE_LIMIT_EXCEEDED',
    ],
    [
      'a cursor of nowhere',
      '{ repository(owner: "octo-corp", name: "hand-checked") { issues(first: 1, after: "nonsense") { nodes { id } } } }',
      'INVALID_CURSOR_ARGUMENTS',
    ],
    ['a repository that is not there', '{ repository(owner: "octo-corp", name: "nothing") { id } }', 'NOT_FOUND'],
    ['a node that is not there', `{ nodes(ids: ["${nodeIdOf('R', 1000)}", "R_nonsense"]) { id } }`, 'NOT_FOUND'],
  ])('%s is refused as GitHub does', async (_what, text, type) => {
    const fake = await start({ dataset: handChecked().data });
    const { response, body } = await ask(fake, text);
    expect(response.status).toBe(200);
    expect(body.errors).toEqual([expect.objectContaining({ type })]);
    expect(fake.mistakes).toEqual([]);
  });

  test('a cursor of another list, of another head, or from before they expired is refused', async () => {
    const { data, repository } = handChecked();
    const fake = await start({ dataset: data });
    const first = await ask(fake, query('06_issues'), { ...NAMED, since: null, first: 2 });
    const issueCursor = first.body.data.repository.issues.pageInfo.endCursor;
    const foreign = await ask(fake, query('04_pull_requests'), { ...NAMED, after: issueCursor });
    expect(foreign.body.errors[0].type).toBe('INVALID_CURSOR_ARGUMENTS');
    const otherHead = await ask(fake, query('03_commits'), { ...NAMED, oid: repository.head, after: `${oidOf('x')} 99` });
    expect(otherHead.body.errors[0].type).toBe('INVALID_CURSOR_ARGUMENTS');
    expect((await ask(fake, query('06_issues'), { ...NAMED, since: null, first: 2, after: issueCursor })).body.errors).toBeUndefined();
    fake.cursors.expire();
    const expired = await ask(fake, query('06_issues'), { ...NAMED, since: null, first: 2, after: issueCursor });
    expect(expired.body.errors[0].type).toBe('INVALID_CURSOR_ARGUMENTS');
  });

  test('a renamed and transferred repository is found by its old names until somebody takes them', async () => {
    const { data, other } = handChecked();
    const fake = await start({ dataset: data });
    for (const name of ['first-name', 'hand-checked']) {
      const { body } = await ask(fake, query('02_repository'), { owner: 'old-owner', name });
      expect(body.data.repository.nameWithOwner).toBe('octo-corp/hand-checked');
    }
    renameRepository(data, other, { name: 'first-name', ownerId: hand.OLD_OWNER });
    const { body } = await ask(fake, query('02_repository'), { owner: 'old-owner', name: 'first-name' });
    expect(body.data.repository.databaseId).toBe(2000);
  });

  test('kept answers follow the quota and the data', async () => {
    const { data, repository } = handChecked();
    const fake = await start({ dataset: data, keepAnswers: true });
    const variables = { ...NAMED, oid: repository.head };
    const plain = await start({ dataset: data });
    const [first, second, bare] = [
      await ask(fake, query('03_commits'), variables),
      await ask(fake, query('03_commits'), variables),
      await ask(plain, query('03_commits'), variables),
    ];
    expect(second.body.data.repository).toEqual(bare.body.data.repository);
    expect([first.body.data.rateLimit.used, second.body.data.rateLimit.used]).toEqual([2, 4]);
    expect(Object.keys(second.body.data.rateLimit)).toEqual(Object.keys(bare.body.data.rateLimit));
    renameAccount(data, hand.DAN, 'daniel');
    expect(JSON.stringify((await ask(fake, query('03_commits'), variables)).body)).toContain('"daniel"');
  });

  test('all of a generated repository is read through the API as it is counted', async () => {
    const { data, repository, window } = generated({
      commits: 450,
      pullRequests: 180,
      issues: 90,
      comments: 230,
      reviewComments: 120,
      releases: 12,
      seed: 3,
    });
    const fake = await start({ dataset: data });
    const named = { owner: 'generated-org', name: 'generated' };
    const isInside = (at: string | null): boolean => at !== null && at.slice(0, 10) >= window.since && at.slice(0, 10) <= window.until;
    const count: DataCount = countOf(data, window);
    const rows = (kind: string): number => count.rows.filter((row) => row.kind === kind).length;

    const commits = await walk(fake, '03_commits', { ...named, oid: repository.head }, (answer) => answer.repository.object.history);
    expect(commits.filter((commit) => commit.parents.totalCount < 2 && isInside(commit.committedDate))).toHaveLength(rows('COMMIT'));
    const pulls = await walk(fake, '04_pull_requests', named, (answer) => answer.repository.pullRequests);
    expect(pulls.filter((pull) => isInside(pull.mergedAt))).toHaveLength(rows('PR_MERGED'));
    const issues = await walk(fake, '06_issues', { ...named, since: null }, (answer) => answer.repository.issues);
    expect(issues.filter((issue) => issue.state === 'CLOSED' && isInside(issue.timelineItems.nodes[0].createdAt))).toHaveLength(
      rows('ISSUE_CLOSED'),
    );
    const comments = await list(fake, '/repos/generated-org/generated/issues/comments?per_page=100');
    expect(comments.filter((comment) => isInside(comment.created_at))).toHaveLength(rows('COMMENT'));
    const releases = await walk(fake, '07_releases', named, (answer) => answer.repository.releases);
    expect(releases.filter((release) => isInside(release.publishedAt) && release.isDraft === false)).toHaveLength(rows('RELEASE'));
    const { body } = await ask(fake, query('09_search_check'), {
      opened: `repo:generated-org/generated is:pr created:${window.since}..${window.until}`,
      merged: `repo:generated-org/generated is:merged merged:>=${window.since}`,
      issues: `repo:generated-org/generated is:issue created:>=${window.since}`,
    });
    expect([body.data.opened.issueCount, body.data.merged.issueCount, body.data.issues.issueCount]).toEqual([
      rows('PR_OPENED'),
      rows('PR_MERGED'),
      rows('ISSUE_OPENED'),
    ]);
  });

  test('the schema is small and is what the official one gives', () => {
    const path = new URL('./schema.graphql', import.meta.url).pathname;
    expect(statSync(path).size).toBeLessThan(150_000);
    const official = join(SHARED, 'schemas/schema.graphql');
    if (!existsSync(official)) {
      console.warn(`Not compared with the official schema: ${official} is not here.`);
      return;
    }
    const plain = (sdl: string): string => print(parse(sdl));
    expect(plain(pruneSchema(readFileSync(official, 'utf8')))).toBe(plain(readFileSync(path, 'utf8')));
  });
});
