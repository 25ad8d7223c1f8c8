import { createApiKey } from '../../../src/db/api-keys.ts';
import type { ApiDeps } from '../../../src/api/deps.ts';
import type { GateOptions } from '../../../src/api/gate.ts';
import { SCOPES, type Scope } from '../../../src/domain/scope.ts';
import { CONTRACT, type EndpointName } from '../../../src/api/contract.ts';
import type { Endpoint } from '../../../src/api/contract/endpoint.ts';
import { startTestApi, type TestApi } from '../running-api.ts';

/** An API that others can reach, with a key of each scope. */
export interface ExposedApi extends TestApi {
  readonly keys: Readonly<Record<Scope, { readonly id: string; readonly text: string }>>;
  /** The header that shows a key. */
  as(scope: Scope): { authorization: string };
}

export async function startExposedApi(
  gate: Partial<GateOptions> = {},
  overrides: Partial<Omit<ApiDeps, 'gate'>> = {},
): Promise<ExposedApi> {
  const api = await startTestApi({ ...overrides, gate: { isExposed: true, requestsPerMinute: 0, ...gate } });
  const made = await Promise.all(
    SCOPES.map(async (scope) => {
      const { key, stored } = await createApiKey(api.db, { name: `${scope} key`, scope });
      return [scope, { id: stored.id, text: key }] as const;
    }),
  );
  const keys = Object.fromEntries(made) as ExposedApi['keys'];
  return Object.assign(api, { keys, as: (scope: Scope) => ({ authorization: `Bearer ${keys[scope].text}` }) });
}

export const endpoints = Object.entries(CONTRACT) as [EndpointName, Endpoint][];

const PARAMETERS: Readonly<Record<string, string>> = {
  owner: 'o',
  name: 'r',
  id: '0198f7d6-0000-7000-8000-000000000000',
  username: 'ada',
  version: '1',
  github_id: '1',
};

/** An endpoint's path with something in every place. */
export function filledPath({ path }: Endpoint): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, parameter: string) => {
    const value = PARAMETERS[parameter];
    if (value === undefined) throw new Error(`say in PARAMETERS what to put in {${parameter}}`);
    return value;
  });
}

/** A fingerprint of every row of every table but the record of writes and the times of use. */
export async function contentOf(api: TestApi): Promise<Readonly<Record<string, string>>> {
  const { rows: tables } = await api.db.pool.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND NOT relispartition
       AND relname NOT IN ('audit_log', 'api_key') ORDER BY relname`,
  );
  const prints = await Promise.all(
    tables.map(async ({ name }) => {
      const { rows } = await api.db.pool.query<{ print: string }>(
        `SELECT coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), 'empty') AS print FROM "${name}" t`,
      );
      return [name, rows[0]!.print];
    }),
  );
  return Object.fromEntries(prints) as Record<string, string>;
}
