import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';

/** Real hours that lie beside the project on the machines it is built on. */
const SHARED_DATA = resolve(import.meta.dirname, '../../../shared/data/rich-2015');
const REAL_HOURS = ['2015-01-01-0.json.gz', '2015-01-01-1.json.gz'];
const EVENTS_AN_HOUR = 7_500;

/** Archive hours to measure with, and a repository that is in them. */
export interface Corpus {
  readonly paths: readonly string[];
  readonly repository: { readonly owner: string; readonly name: string };
  /** What the figures say it is. */
  readonly madeOf: string;
}

/** An hour like a real one in size and in its mixture of types; the texts are what a generator can write. */
function generatedHour(seed: number): Buffer {
  let state = seed;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % below;
  };
  const text = (length: number): string => Array.from({ length }, () => random(36 ** 6).toString(36)).join(' ');
  const user = (id: number) => ({
    id,
    login: `person-${id}`,
    type: 'User',
    url: `https://api.github.com/users/person-${id}`,
    site_admin: false,
  });
  const lines = Array.from({ length: EVENTS_AN_HOUR }, (_, index) => {
    const [person, repository, number] = [1 + random(5000), 1 + random(2000), 1 + random(500)];
    const common = {
      id: String(seed * 1e5 + index),
      actor: user(person),
      public: true,
      created_at: '2015-01-01T00:10:00Z',
      repo: {
        id: repository,
        name: `owner-${repository % 300}/name-${repository}`,
        url: `https://api.github.com/repos/owner/name-${repository}`,
      },
    };
    const kind = random(100);
    if (kind < 56) {
      const commits = Array.from({ length: 1 + random(3) }, () => ({ sha: text(3), message: text(12), distinct: true }));
      return {
        ...common,
        type: 'PushEvent',
        payload: { push_id: seed * 100_000 + index, size: commits.length, distinct_size: commits.length, commits },
      };
    }
    if (kind < 60) {
      const pull_request = {
        number,
        user: user(person),
        title: text(8),
        body: text(400),
        merged: true,
        additions: random(500),
        deletions: random(90),
      };
      return { ...common, type: 'PullRequestEvent', payload: { action: kind < 58 ? 'opened' : 'closed', number, pull_request } };
    }
    const issue = { number, user: user(person), title: text(8), body: text(150) };
    if (kind < 69)
      return {
        ...common,
        type: 'IssueCommentEvent',
        payload: { action: 'created', issue, comment: { id: index + 1, user: user(person), body: text(60) } },
      };
    if (kind < 74) return { ...common, type: 'IssuesEvent', payload: { action: 'opened', issue } };
    return { ...common, type: 'WatchEvent', payload: { action: 'started' } };
  });
  return gzipSync(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

/** Writes `hours` archive hours into a directory: two real ones again and again, or generated ones where those are not at hand. */
export function makeCorpus(directory: string, hours: number): Corpus {
  mkdirSync(directory, { recursive: true });
  const isReal = existsSync(join(SHARED_DATA, REAL_HOURS[0] as string));
  const paths = Array.from({ length: hours }, (_, index) => {
    const day = String(1 + Math.floor(index / 24)).padStart(2, '0');
    const path = join(directory, `2015-01-${day}-${index % 24}.json.gz`);
    if (isReal) copyFileSync(join(SHARED_DATA, REAL_HOURS[index % REAL_HOURS.length] as string), path);
    else writeFileSync(path, generatedHour(index + 1));
    return path;
  });
  const repository = isReal ? { owner: 'rust-lang', name: 'rust' } : { owner: 'owner-7', name: 'name-7' };
  return { paths, repository, madeOf: `${hours} hours, ${isReal ? 'two real ones of 2015 again and again' : 'generated'}` };
}
