import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { z } from 'zod';
import { CONTRACT, type EndpointName } from '../../src/api/contract.ts';
import type { Endpoint } from '../../src/api/contract/endpoint.ts';
import { rebuildGlobalBoard } from '../../src/db/boards.ts';
import { closeJob } from '../../src/db/jobs.ts';
import { publishBoard } from '../api/published-board.ts';
import { addedRepository, startTestApi, type TestApi } from '../api/running-api.ts';
import { laurelsAt } from './laurels-at.ts';
import { recordRequests, type RequestRecorder } from './recorded-requests.ts';

/** Command lines that reach an endpoint with every parameter it has; `<failed>` and `<queued>` are jobs. */
const COMMANDS: Readonly<Record<EndpointName, readonly string[] | { readonly none: string }>> = {
  addRepository: ['add acme/new --scrape'],
  listRepositories: ['repositories --status COMPLETED --q acme --sort -stars'],
  getRepository: ['repositories acme/rocket'],
  deleteRepository: ['remove acme/gone'],
  refreshRepository: ['refresh acme/wheel --source gharchive', 'refresh acme/rocket --dry-run'],
  scrapeRepository: ['scrape acme/other --source gharchive --since 2020-01-01 --until 2020-02-01', 'scrape acme/rocket --dry-run'],
  getCoverage: ['coverage acme/rocket'],
  getGlobalBoard: [
    'board --window 30d --include bots --kinds COMMIT --q a --sort commit_count --limit 3',
    'board --since 2020-01-01 --until 2020-02-01 --repositories acme/rocket,acme/wheel --sparkline',
    'board --around ada',
    'board --csv',
  ],
  getRepositoryBoard: [
    'board acme/rocket --window 30d --include bots --kinds COMMIT --q a --sort commit_count --limit 3',
    'board acme/rocket --since 2020-01-01 --until 2020-02-01 --sparkline',
    'board acme/rocket --around ada',
    'board acme/rocket --csv',
  ],
  recalculateBoards: ['recalculate'],
  listJobs: ['jobs --status FAILED --type FULL --repository acme/broken --limit 3'],
  getJob: ['jobs <failed>'],
  getJobLogs: ['logs --job <failed> --level warn --after 0'],
  cancelJob: ['cancel <queued>'],
  retryJob: ['jobs retry <failed>'],
  compareBoards: ['compare acme/rocket acme/wheel --window 30d --interval day', 'compare ada ben --since 2020-01-01 --until 2020-02-01'],
  listContributors: ['contributors --kind bot --q h --limit 3'],
  getContributor: ['contributor ada'],
  getContributorActivity: [
    'contributor ada activity --kind COMMIT --repository acme/rocket --since 2020-01-01 --until 2020-02-01 --limit 3',
  ],
  getContributorRepositories: ['contributor ada repositories --limit 3'],
  getContributorSeries: [
    'contributor ada series --window 30d --interval day --repository acme/rocket',
    'contributor ada series --since 2020-01-01 --until 2020-02-01',
  ],
  getContributorRanks: [
    'contributor ada ranks --window 30d --repository acme/rocket',
    'contributor ada ranks --since 2020-01-01 --until 2020-02-01',
  ],
  search: ['search a --limit 3'],
  getStatistics: ['stats'],
  listErrors: ['errors --limit 3'],
  getAvatar: ['avatar ada'],
  setContributorKind: ['kind ben agent --reason test'],
  getContributorIdentities: ['identities show ada --limit 3'],
  mergeContributors: ['merge ada dora --reason test'],
  splitContributor: ['split ada dora --reason test'],
  listIdentitySuggestions: ['identities suggestions --limit 3'],
  hideContributor: ['opt-out cyd'],
  showContributor: ['opt-out cyd --undo'],
  eraseContributor: ['erase eve --yes'],
  getContributorEnrichment: ['contributor ada enrichment'],
  enrichContributor: ['enrich ada'],
  enrichContributors: ['enrich --top 3 --stale-after-days 1'],
  getContributorScore: ['score ada --repository acme/rocket --window 30d', 'score ada --since 2020-01-01 --until 2020-02-01'],
  getScoring: ['scoring get'],
  putScoring: ['scoring set COMMIT=9 --note test --no-wait'],
  previewScoring: ['scoring preview COMMIT=8 --repository acme/rocket'],
  listScorings: ['scoring history --limit 3'],
  restoreScoring: ['scoring restore 1 --note test --no-wait'],
  getBigQueryUsage: ['bigquery --month 2026-01'],
  deleteSample: ['sample remove'],
  createSession: { none: 'A session is a cookie of a browser; commands show their key.' },
  getSession: ['status'],
  endSession: { none: 'As above.' },
  listAudit: ['audit --actor local --refused --limit 3'],
  getRepositoryBadge: ['badge acme/rocket'],
  getContributorBadge: ['badge ada'],
  getOpenApi: ['openapi'],
  getIndex: ['status'],
  getHealth: ['status'],
  getReadiness: ['status'],
  getMetrics: { none: 'Prometheus reads it; a person has status and the dashboard.' },
};

/** Parameters that no command has a word of its own for. */
const IMPLIED: readonly string[] = [
  // Lists of more than a hundred rows are read page by page.
  'cursor',
  // Commands name repositories by owner and name; they read a URL themselves.
  'url',
];

let api: TestApi;
let recorder: RequestRecorder;
const jobs: Record<string, string> = {};
beforeAll(async () => {
  api = await startTestApi();
  recorder = await recordRequests(api.url);
  const people = ['ada', 'ben', 'cyd', 'dora', 'eve'].map((login, index) => ({ login, githubId: index + 1, count: 5 - index }));
  for (const name of ['rocket', 'wheel']) await publishBoard(api.db, await addedRepository(api, 'acme', name), people);
  await rebuildGlobalBoard(api.db);
  await addedRepository(api, 'acme', 'gone');
  for (const name of ['<failed>', '<queued>']) {
    const params = await addedRepository(api, 'acme', name === '<failed>' ? 'broken' : 'queued');
    jobs[name] = (await api.call('scrapeRepository', { params })).body.id as string;
  }
  await closeJob(api.db, jobs['<failed>'] ?? '', { status: 'FAILED', errorCode: 'archive_unreadable', errorMessage: 'No such directory' });
}, 60_000);
afterAll(async () => {
  await recorder.stop();
  await api.stop();
});

/** What an endpoint can be sent: parameters of the query, fields of the body. */
function parametersOf({ query, body }: Endpoint): readonly string[] {
  const json = body === undefined ? {} : z.toJSONSchema(body, { io: 'input' });
  const { properties = {} } = json as { readonly properties?: object };
  return [...Object.keys(query?.shape ?? {}), ...Object.keys(properties)].filter((name) => !IMPLIED.includes(name));
}

const reached = (Object.keys(CONTRACT) as EndpointName[]).flatMap((name): [EndpointName, readonly string[]][] => {
  const commands = COMMANDS[name];
  return 'none' in commands ? [] : [[name, commands]];
});

test.each(reached)('%s, with all its parameters, is reached by a command that prints JSON', async (name, commands) => {
  recorder.requests.length = 0;
  for (const command of commands) {
    const words = command.split(' ').map((word) => jobs[word] ?? word);
    const isCsv = words.includes('--csv');
    const { code, out, err } = await laurelsAt(recorder.url, ...words, ...(isCsv ? [] : ['--json']));
    expect({ command, code, err }).toEqual({ command, code: 0, err: '' });
    if (isCsv) continue;
    for (const line of out.split('\n').filter((part) => part !== '')) expect(typeof JSON.parse(line)).toBe('object');
  }
  const asked = recorder.requests.filter(({ endpoint }) => endpoint === name);
  expect(asked.length).toBeGreaterThan(0);
  const sent = new Set(asked.flatMap((request) => request.sent));
  expect(parametersOf(CONTRACT[name]).filter((parameter) => !sent.has(parameter))).toEqual([]);
});
