import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAppAuth } from '@octokit/auth-app';
import type { Config } from '../../config.ts';
import { bytesInWords } from '../../domain/bytes.ts';
import { addDays, dayOf } from '../../domain/window.ts';
import { isArchiveName } from '../../sources/gharchive/archive-file.ts';
import { hasMirror } from '../../sources/gharchive/importer.ts';
import type { GithubApp } from '../../sources/github/credential.ts';
import { graphqlUrlOf } from '../../sources/github/graphql-url.ts';
import { mirrorOf } from '../archive.ts';
import { figure } from '../table.ts';
import { broken, ok, unused, weak, type Check, type Finding } from './finding.ts';

const TIMEOUT_MS = 15_000;
/** Of 5,000 an hour. */
const LOW_POINTS = 500;

/** DuckDB, the archive directory, GitHub, BigQuery. */
export function sourceChecks(config: Config): readonly Check[] {
  const { gharchiveDir, github, bigquery } = config;
  return [
    { name: 'DuckDB', fix: 'run npm install again: its native library is missing or does not fit this machine', run: checkDuckDb },
    {
      name: 'GH Archive files',
      fix: 'check GHARCHIVE_DIR',
      run: async () => {
        const mirror = hasMirror(mirrorOf(config.dataDir)) ? ', a mirror is there' : '';
        if (gharchiveDir === null) return unused(`GHARCHIVE_DIR is not set${mirror}`);
        const files = (await readdir(gharchiveDir)).filter(isArchiveName);
        const found = `${figure(files.length)} files in ${gharchiveDir}${mirror}`;
        return files.length > 0 ? ok(found) : weak(found, 'put GH Archive hours there: 2026-03-10-15.json.gz, …');
      },
    },
    {
      name: 'GitHub',
      fix: 'check the network and GITHUB_API_URL',
      run: async () => {
        if (github.tokens.length === 0 && github.app === null) return unused('neither GITHUB_TOKEN nor GITHUB_APP_ID is set');
        const findings: Finding[] = [];
        for (const [index, token] of github.tokens.entries()) findings.push(await checkToken(github.apiUrl, token, `token ${index + 1}`));
        if (github.app !== null) findings.push(await checkApp(github.apiUrl, github.app));
        return (
          findings.find(({ state }) => state === 'broken') ??
          findings.find(({ state }) => state === 'weak') ??
          ok(findings.map(({ found }) => found).join('; '))
        );
      },
    },
    {
      name: 'BigQuery',
      fix: 'check BIGQUERY_PROJECT and the Google credentials (gcloud auth application-default login)',
      run: async () => (bigquery.project === null ? unused('BIGQUERY_PROJECT is not set') : checkBigQuery(bigquery.project, bigquery)),
    },
  ];
}

/** Writes a Parquet file and reads it again. */
async function checkDuckDb(): Promise<Finding> {
  // Loaded here, so that a native library that is missing is a finding and not the end of the command.
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const directory = await mkdtemp(join(tmpdir(), 'laurels-doctor-'));
  try {
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    try {
      const file = `'${join(directory, 'probe.parquet').replaceAll("'", "''")}'`;
      await connection.run(`COPY (SELECT range AS n FROM range(1000)) TO ${file} (FORMAT parquet)`);
      const rows = await connection.runAndReadAll(`SELECT sum(n)::int AS total FROM read_parquet(${file})`);
      const version = (await connection.runAndReadAll('SELECT version() AS version')).getRowObjects()[0]?.['version'];
      const isRight = rows.getRowObjects()[0]?.['total'] === 499_500;
      return isRight
        ? ok(`${String(version)} writes and reads Parquet`)
        : broken('read back something else than it wrote', 'run npm install again');
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Asks for the token's rate limit, which costs nothing. The token itself is never shown. */
async function checkToken(apiUrl: string, token: string, label: string): Promise<Finding> {
  const response = await fetch(`${apiUrl.replace(/\/+$/, '')}/rate_limit`, {
    headers: { authorization: `Bearer ${token}`, accept: 'application/vnd.github+json', 'user-agent': 'laurels' },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (response.status === 401)
    return broken(`${label} is refused by GitHub`, 'make a new one: https://github.com/settings/personal-access-tokens');
  if (!response.ok) return broken(`GitHub answers ${label} with status ${response.status}`, 'check GITHUB_API_URL and the token');
  const body = (await response.json()) as { resources?: Partial<Record<'core' | 'graphql', { remaining?: number; limit?: number }>> };
  const graphql = body.resources?.graphql ?? body.resources?.core;
  const scopes = response.headers.get('x-oauth-scopes');
  const rights = scopes === null || scopes === '' ? 'no scopes (enough for public repositories)' : `scopes ${scopes}`;
  const reach = await reachOf(apiUrl, token);
  if (reach !== null) return broken(`${label}: ${reach}`, 'check GITHUB_API_URL, and that the token may read public repositories');
  const found = `${label}: ${figure(graphql?.remaining ?? 0)} of ${figure(graphql?.limit ?? 0)} points left, ${rights}`;
  return (graphql?.remaining ?? 0) >= LOW_POINTS ? ok(found) : weak(found, 'wait for the next hour, or give more tokens');
}

/** Asks who the App is and where it is installed, then with the token of an installation what a token is asked. */
async function checkApp(apiUrl: string, { id, privateKey }: GithubApp): Promise<Finding> {
  const auth = createAppAuth({ appId: id, privateKey });
  const base = apiUrl.replace(/\/+$/, '');
  const { token: jwt } = await auth({ type: 'app' });
  const headers = (token: string) => ({
    authorization: `Bearer ${token}`,
    accept: 'application/vnd.github+json',
    'user-agent': 'laurels',
  });
  const asApp = (path: string, method = 'GET'): Promise<Response> =>
    fetch(`${base}${path}`, { method, headers: headers(jwt), signal: AbortSignal.timeout(TIMEOUT_MS) });

  const known = await asApp('/app');
  if (known.status === 401)
    return broken(`app ${id} is refused by GitHub`, "check GITHUB_APP_ID, that the key is the App's own, and this machine's clock");
  if (!known.ok) return broken(`GitHub answers app ${id} with status ${known.status}`, 'check GITHUB_API_URL and GITHUB_APP_ID');
  const { slug } = (await known.json()) as { slug?: string };
  const label = `app ${slug ?? id}`;
  const installations = (await (await asApp('/app/installations?per_page=100')).json()) as readonly { readonly id: number }[];
  const [first] = installations;
  if (first === undefined)
    return weak(`${label} is installed nowhere`, 'install it for the owners of the repositories to read, on its page at GitHub');
  const made = await asApp(`/app/installations/${first.id}/access_tokens`, 'POST');
  if (!made.ok) return broken(`${label}: its installation gets no token (status ${made.status})`, 'is the installation suspended?');
  const { token } = (await made.json()) as { token: string };
  const places = installations.length === 1 ? 'one account' : `${installations.length} accounts`;
  return await checkToken(apiUrl, token, `${label} (installed for ${places})`);
}

/** Whether GraphQL, by which scrapes read, answers the token: null, else what is wrong. */
async function reachOf(apiUrl: string, token: string): Promise<string | null> {
  const response = await fetch(graphqlUrlOf(apiUrl), {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'user-agent': 'laurels' },
    body: JSON.stringify({ query: 'query Reach { __typename }' }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) return `GraphQL answers with status ${response.status}`;
  const body = (await response.json()) as { data?: { __typename?: unknown } | null };
  return body.data?.__typename === 'Query' ? null : 'GraphQL does not answer it';
}

/** Estimates reading yesterday, which takes the rights a scrape needs and costs nothing. */
async function checkBigQuery(project: string, { apiEndpoint, monthlyBytes }: Config['bigquery']): Promise<Finding> {
  const { BigQueryExtractor } = await import('../../sources/bigquery/extractor.ts');
  const extractor = new BigQueryExtractor({ project, apiEndpoint });
  const today = dayOf(new Date());
  const target = { githubId: 1, name: 'doctor/doctor', since: addDays(today, -7), until: addDays(today, -1) };
  const { tables, bytes } = await extractor.plan([target], today);
  const found = `project ${project} answers; reading the last week would be ${bytesInWords(bytes)} of ${figure(tables.length)} tables`;
  if (monthlyBytes === null) return weak(`${found}; not used without a budget`, 'set BIGQUERY_MONTHLY_BYTES, such as 500GB');
  return ok(`${found}; at most ${bytesInWords(monthlyBytes)} a month`);
}
