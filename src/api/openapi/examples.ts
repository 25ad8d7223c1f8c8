/** A JSON Schema, as far as examples are made from it. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly items?: JsonSchema | boolean;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
}

const JOB = '0198f7d6-1c2a-7000-8000-3f5a1d2b4c6e';

/** What a field of a name is like, in all answers the same story: Ada contributes to cachethq/Cachet. */
const BY_NAME: Readonly<Record<string, unknown>> = {
  owner: 'cachethq',
  name: 'Cachet',
  full_name: 'cachethq/Cachet',
  repository: 'cachethq/Cachet',
  repositories: 'cachethq/Cachet,laravel/framework',
  contributors: 'ada,grace',
  username: 'ada',
  display_name: 'Ada L.',
  url: 'https://github.com/cachethq/Cachet',
  avatar_url: 'https://avatars.githubusercontent.com/u/1',
  github_id: 1,
  since: '2026-01-01',
  until: '2026-06-30',
  day: '2026-06-30',
  month: '2026-06',
  compared_to: '2026-06-23',
  cursor: 'WzQyLDdd',
  next_cursor: 'WzQyLDdd',
  after: 4711,
  q: 'ada',
  rank: 1,
  rank_change: 2,
  limit: 50,
  total_score: 1380,
  stars: 14_000,
  forks: 1_600,
  total: 61,
  attempt: 1,
  scoring_version: 1,
  version: 1,
  description: 'Text',
  note: 'Compared with GitHub: complete.',
  reason: 'Asked for by the person',
  message: 'page staged',
  requested_by: 'local',
  unit: 'pages',
  phase: 'READ',
  kind: 'COMMIT',
  line_bonus_cap: 500,
  self: `/api/v1/jobs/${JOB}`,
  instance: '0198f7d6-0000-7000-8000-000000000000',
  request_id: '5f7a3c1e-0b1d-4b8e-9a57-6a2f1f1c0d3e',
  title: 'Invalid input',
  type: 'urn:laurels:problem:invalid_input',
  code: 'invalid_input',
  pointer: 'limit',
  detail: 'limit must be a whole number from 1 to 100',
  path: '/api/v1/repositories/{owner}/{name}/scrape',
  created_at: '2026-11-23T12:00:00.000Z',
};

const BY_FORMAT: Readonly<Record<string, unknown>> = {
  'date-time': '2026-11-23T12:00:00.000Z',
  date: '2026-11-23',
  uuid: JOB,
  uri: 'https://example.org/',
};

/** Tried in this order where a pattern wants something else. */
const CANDIDATES = ['text', '1', 'ada', '2026-01-01', 'ada,grace', 'cachethq/Cachet', 'https://example.org/', '7d', 'id:1'];

function typeOf({ type, properties, items }: JsonSchema): string | undefined {
  const types = [type ?? []].flat();
  return types.find((one) => one !== 'null') ?? (properties === undefined ? (items === undefined ? undefined : 'array') : 'object');
}

function textFor(name: string, { pattern }: JsonSchema): string {
  const named = BY_NAME[name];
  const words = [...(typeof named === 'string' ? [named] : []), ...CANDIDATES];
  const fitting = pattern === undefined ? words : words.filter((word) => new RegExp(pattern, 'u').test(word));
  return fitting[0] ?? 'text';
}

/** A value that a schema allows, as it might really be. `name`: of the field or parameter; `definitionOf`: what a $ref names. */
export function exampleOf(schema: JsonSchema, name: string, definitionOf: (ref: string) => JsonSchema): unknown {
  const given = schema.examples?.[0] ?? schema.const ?? schema.enum?.[0];
  if (given !== undefined) return given;
  if (schema.$ref !== undefined) return exampleOf(definitionOf(schema.$ref), name, definitionOf);
  const options = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (options !== undefined) {
    const option = options.find((one) => one.type !== 'null') ?? options[0] ?? {};
    return exampleOf(option, name, definitionOf);
  }
  if (schema.format !== undefined && schema.format in BY_FORMAT) return BY_FORMAT[schema.format];
  switch (typeOf(schema)) {
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([field, inner]) => [field, exampleOf(inner, field, definitionOf)]),
      );
    case 'array':
      return typeof schema.items === 'object' ? [exampleOf(schema.items, name, definitionOf)] : [];
    case 'integer':
    case 'number': {
      const named = BY_NAME[name];
      return typeof named === 'number' ? named : Math.max(schema.minimum ?? 1, 1);
    }
    case 'boolean':
      return schema.default ?? true;
    case 'string':
      return schema.default ?? textFor(name, schema);
    default:
      return {};
  }
}
