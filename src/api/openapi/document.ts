import { createDocument } from 'zod-openapi';
import { z } from 'zod';
import { isProbe, type Access, type Endpoint } from '../contract/endpoint.ts';
import { jobResource } from '../contract/jobs.ts';
import { problem } from '../contract/problems.ts';
import { coverageSummary } from '../contract/repositories.ts';
import { exampleOf, type JsonSchema } from './examples.ts';
import { problemsOf, type EndpointProblem } from './endpoint-problems.ts';

/** Groups of endpoints, by what follows `/api/v1/`; all others are `system`. */
const TAGS: Readonly<Record<string, string>> = {
  repositories: 'Add, collect and remove repositories',
  leaderboard: 'Who did how much, ranked',
  contributors: 'One person: profile, score, history',
  identities: 'Accounts that are one person',
  search: 'Find repositories and people',
  config: 'What contributions are worth',
  jobs: 'Work that runs or ran, and its log',
  badges: 'Pictures for a README',
  access: 'Sessions and the record of writes',
  system: 'Health and housekeeping',
};
const TAG_OF: Readonly<Record<string, string>> = { session: 'access', audit: 'access' };

function tagOf(path: string): string {
  const [, segment = ''] = /^\/(?:api\/v1\/)?([^/.]*)/.exec(path) ?? [];
  const tag = TAG_OF[segment] ?? segment;
  return tag in TAGS ? tag : 'system';
}

const string = { type: 'string' } as const;
const HEADERS = {
  'X-Request-Id': { description: 'The id of the request: the one that was sent, else a new one; the log has it', schema: string },
  RateLimit: { description: 'What is left of the limit and when it begins anew (draft-ietf-httpapi-ratelimit-headers-08)', schema: string },
  'RateLimit-Policy': { description: 'The limit: requests (q) in seconds (w)', schema: string },
  'Retry-After': { description: 'Seconds to wait', schema: { type: 'integer', minimum: 0 } },
  ETag: { description: 'Send it as If-None-Match to hear 304 while nothing has changed', schema: string },
  Link: { description: 'The next page: <…>; rel="next". None on the last one', schema: string },
  Location: { description: 'Where what was made, or is meant, is', schema: string },
  'WWW-Authenticate': { description: 'Bearer: an API key is needed', schema: string },
  'Set-Cookie': { description: 'The session, httpOnly and SameSite=Strict', schema: string },
  'Idempotency-Replayed': { description: 'true: this answer was given before, to the same Idempotency-Key', schema: string },
} as const;
type HeaderName = keyof typeof HEADERS;
const headers = (...names: readonly HeaderName[]) =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` as const }]));

const usualHeaders = (endpoint: Endpoint): readonly HeaderName[] =>
  isProbe(endpoint) ? ['X-Request-Id'] : ['X-Request-Id', 'RateLimit', 'RateLimit-Policy'];

const KEY = [{ apiKey: [] }, { session: [] }];
const SECURITY: Readonly<Record<Access, readonly Readonly<Record<string, readonly string[]>>[]>> = {
  open: [],
  public: [{}, ...KEY],
  read: KEY,
  write: KEY,
  admin: KEY,
};
const WHO: Readonly<Record<Access, string>> = {
  open: 'Open to everybody.',
  public: 'Needs a key of scope `read`, or none with PUBLIC_READS.',
  read: 'Needs a key of scope `read`.',
  write: 'Needs a key of scope `write`.',
  admin: 'Needs a key of scope `admin`.',
};

function successOf(endpoint: Endpoint, status: number) {
  const answer = endpoint.answers[status];
  if (answer === undefined) throw new Error(`${endpoint.path} does not describe ${status}`);
  const { body, media = [] } = answer;
  const isPage = body instanceof z.ZodObject && 'next_cursor' in body.shape;
  const own: readonly (HeaderName | false)[] = [
    endpoint.method === 'get' && endpoint.access !== 'open' && status === 200 && 'ETag',
    isPage && 'Link',
    (status === 201 || status === 202 || status === 308) && endpoint.path !== '/api/v1/session' && 'Location',
    endpoint.method === 'post' && endpoint.access !== 'open' && 'Idempotency-Replayed',
    endpoint.path === '/api/v1/session' && endpoint.method !== 'get' && 'Set-Cookie',
  ];
  const content = {
    ...(body === undefined ? {} : { 'application/json': { schema: body } }),
    ...Object.fromEntries(media.map((type) => [type, { schema: type.endsWith('json') ? { type: 'object' as const } : string }])),
    // A redirect says in words what it says in Location.
    ...(status === 308 ? { 'application/problem+json': { schema: problem } } : {}),
  };
  return {
    description: answer.description,
    headers: headers(...usualHeaders(endpoint), ...own.filter((name) => name !== false)),
    ...(Object.keys(content).length === 0 ? {} : { content }),
  };
}

/** An error as it is answered. */
function problemExample({ code, status, means }: EndpointProblem) {
  return {
    summary: means,
    value: {
      type: `urn:laurels:problem:${code}`,
      title: `${code.charAt(0).toUpperCase()}${code.slice(1).replaceAll('_', ' ')}`,
      status,
      detail: means,
      code,
      instance: '/api/v1/repositories',
      request_id: '5f7a3c1e-0b1d-4b8e-9a57-6a2f1f1c0d3e',
    },
  };
}

function problemAnswer(endpoint: Endpoint, status: number, problems: readonly EndpointProblem[]) {
  const own: readonly (HeaderName | false)[] = [status === 401 && 'WWW-Authenticate', (status === 429 || status === 503) && 'Retry-After'];
  const examples = problems.map(({ code }) => [`${code}_${status}`, { $ref: `#/components/examples/${code}_${status}` }]);
  return {
    description: problems.map(({ code, means }) => `\`${code}\`: ${means}`).join('\n\n'),
    headers: headers(...usualHeaders(endpoint), ...own.filter((name) => name !== false)),
    content: { 'application/problem+json': { schema: problem, examples: Object.fromEntries(examples) as object } },
  };
}

function operationOf(name: string, endpoint: Endpoint) {
  const { method, path, access, summary, params, query, body, answers } = endpoint;
  const problems = Map.groupBy(problemsOf(endpoint), ({ status }) => status);
  const statuses = Object.keys(answers).map(Number);
  const isCacheable = method === 'get' && access !== 'open';
  return {
    operationId: name,
    tags: [tagOf(path)],
    summary,
    description: WHO[access],
    security: SECURITY[access],
    requestParams: { ...(params === undefined ? {} : { path: params }), ...(query === undefined ? {} : { query }) },
    parameters: [
      ...(method === 'post' && access !== 'open' ? [{ $ref: '#/components/parameters/Idempotency-Key' }] : []),
      ...(isCacheable ? [{ $ref: '#/components/parameters/If-None-Match' }] : []),
      ...(endpoint.problems?.includes('scoring_changed') === true ? [{ $ref: '#/components/parameters/If-Match' }] : []),
    ],
    ...(body === undefined
      ? {}
      : { requestBody: { required: !body.safeParse(undefined).success, content: { 'application/json': { schema: body } } } }),
    responses: {
      ...Object.fromEntries(statuses.map((status) => [status, successOf(endpoint, status)])),
      ...(isCacheable
        ? { 304: { description: 'It is as the ETag of If-None-Match says', headers: headers(...usualHeaders(endpoint), 'ETag') } }
        : {}),
      ...Object.fromEntries([...problems].map(([status, kinds]) => [status, problemAnswer(endpoint, status, kinds)])),
    },
  };
}

/** What a document is, as far as it is gone through here. */
interface Described {
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>;
}
interface DescribedOperation {
  readonly parameters?: readonly DescribedParameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, DescribedMedia>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, DescribedMedia>> }>>;
}
interface DescribedParameter {
  readonly name: string;
  readonly schema?: JsonSchema & { readonly description?: string };
  description?: string;
  example?: unknown;
  style?: string;
  explode?: boolean;
}
interface DescribedMedia {
  readonly schema: JsonSchema;
  readonly examples?: object;
  example?: unknown;
}

/** Gives every parameter and body an example, and lists the form they are sent in. */
function completed(document: Described): void {
  const definitionOf = (ref: string): JsonSchema => document.components.schemas[ref.split('/').at(-1) ?? ''] ?? {};
  for (const operation of Object.values(document.paths).flatMap((path) => Object.values(path))) {
    for (const parameter of operation.parameters ?? []) {
      const { schema } = parameter;
      if (schema === undefined) continue;
      if (schema.description !== undefined) parameter.description ??= schema.description;
      parameter.example = exampleOf(schema, parameter.name, definitionOf);
      if (schema.type === 'array') Object.assign(parameter, { style: 'form', explode: false });
    }
    const contents = [operation.requestBody?.content, ...Object.values(operation.responses).map(({ content }) => content)];
    for (const media of contents.flatMap((content) => Object.entries(content ?? {}))) {
      const [type, described] = media;
      if (described.examples === undefined && type.endsWith('json')) described.example = exampleOf(described.schema, '', definitionOf);
    }
  }
}

/** The OpenAPI 3.1 description of a contract: whatever the contract says, and nothing else. */
export function openApiDocument(contract: Readonly<Record<string, Endpoint>>, version: string): object {
  const paths: Record<string, Record<string, ReturnType<typeof operationOf>>> = {};
  for (const [name, endpoint] of Object.entries(contract)) (paths[endpoint.path] ??= {})[endpoint.method] = operationOf(name, endpoint);
  const document = createDocument(
    {
      openapi: '3.1.0',
      info: {
        title: 'Laurels',
        version,
        description:
          'GitHub contributor leaderboards that people can check.\n\n' +
          'On the machine it runs on, bound to a loopback address, no key is needed. Everywhere else: `Authorization: Bearer lrl_…` ' +
          '(`laurels key create`), or the session of the dashboard. Unknown parameters and fields are errors. Errors are ' +
          '`application/problem+json` with a stable `code`. Long work answers 202 with the Location of its job.',
        license: { name: 'Apache 2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/', description: 'This Laurels' }],
      tags: Object.entries(TAGS)
        .filter(([name]) => Object.keys(paths).some((path) => tagOf(path) === name))
        .map(([name, description]) => ({ name, description })),
      paths,
      components: {
        schemas: { Problem: problem, Job: jobResource, CoverageSummary: coverageSummary },
        headers: HEADERS,
        examples: Object.fromEntries(
          Object.values(contract)
            .flatMap(problemsOf)
            .map((kind) => [`${kind.code}_${kind.status}`, problemExample(kind)]),
        ),
        parameters: {
          'Idempotency-Key': {
            in: 'header',
            name: 'Idempotency-Key',
            description:
              'Makes the request repeatable: the same request with the same key is carried out once, and answered alike for 24 hours',
            schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[\\x21-\\x7e]{1,255}$' },
            example: '3f1c9a52-7d0e-4a0b-8f67-1c2d3e4f5a6b',
          },
          'If-Match': {
            in: 'header',
            name: 'If-Match',
            description: 'The ETag of what the change was made from; PUT is refused without it (428)',
            schema: { type: 'string' },
            example: '"scoring-1"',
          },
          'If-None-Match': {
            in: 'header',
            name: 'If-None-Match',
            description: 'The ETag of an answer that is at hand',
            schema: { type: 'string' },
            example: '"2jmj7l5rSw0yVb_vlWAYkK_YBwk"',
          },
        },
        securitySchemes: {
          apiKey: { type: 'http', scheme: 'bearer', description: 'An API key: lrl_ and 43 characters' },
          session: { type: 'apiKey', in: 'cookie', name: 'laurels_session', description: 'What POST /api/v1/session sets' },
        },
      },
    },
    {
      override({ jsonSchema }) {
        // The format says it; the pattern is 300 characters of calendar.
        if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
      },
    },
  );
  completed(document as unknown as Described);
  return document;
}
