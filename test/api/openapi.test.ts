import { createConfig, lintFromString } from '@redocly/openapi-core';
import { describe, expect, test } from '@jest/globals';
import { CONTRACT } from '../../src/api/contract.ts';
import type { Endpoint } from '../../src/api/contract/endpoint.ts';
import { PROBLEMS } from '../../src/api/contract/problems.ts';
import { openApiDocument } from '../../src/api/openapi/document.ts';
import { problemsOf } from '../../src/api/openapi/endpoint-problems.ts';

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly security: readonly object[];
  readonly parameters?: readonly {
    readonly name?: string;
    readonly in?: string;
    readonly description?: string;
    readonly example?: unknown;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly example?: unknown }>> };
  readonly responses: Readonly<
    Record<string, { readonly headers: object; readonly content?: Readonly<Record<string, { example?: unknown; examples?: object }>> }>
  >;
}
interface Document {
  readonly openapi: string;
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

const document = openApiDocument(CONTRACT, '1.2.3') as Document;
const endpoints = Object.entries(CONTRACT) as [string, Endpoint][];
const operationOf = ({ path, method }: Endpoint): Operation => {
  const operation = document.paths[path]?.[method];
  if (operation === undefined) throw new Error(`${method} ${path} is not described`);
  return operation;
};

describe('the description of the API', () => {
  test('is OpenAPI 3.1 that Redocly finds nothing to say about, examples included', async () => {
    expect(document.openapi).toBe('3.1.0');
    const config = await createConfig({ extends: ['recommended'] });
    const problems = await lintFromString({ source: JSON.stringify(document), absoluteRef: '/openapi.json', config });
    expect(problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`)).toEqual([]);
  });

  test('has every endpoint, and nothing else', () => {
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(described.toSorted()).toEqual(endpoints.map(([, { method, path }]) => `${method} ${path}`).toSorted());
  });

  test.each(endpoints)('of %s is complete', (name, endpoint) => {
    const operation = operationOf(endpoint);
    expect(operation).toMatchObject({ operationId: name, summary: endpoint.summary });
    expect(document.tags.map((tag) => tag.name)).toContain(operation.tags[0]);
    expect(operation.security.length > 0).toBe(endpoint.access !== 'open');

    const inputs = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path' || parameter.in === 'query');
    const wanted = [endpoint.params, endpoint.query].flatMap((schema) => Object.keys(schema?.shape ?? {}));
    expect(inputs.map((input) => input.name)).toEqual(wanted);
    for (const input of inputs) expect(input).toMatchObject({ example: expect.anything() });

    expect(operation.requestBody !== undefined).toBe(endpoint.body !== undefined);
    if (operation.requestBody !== undefined) expect(operation.requestBody.content['application/json']).toHaveProperty('example');

    const statuses = [...Object.keys(endpoint.answers), ...problemsOf(endpoint).map(({ status }) => String(status))];
    expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(statuses));
    for (const answer of Object.values(operation.responses)) {
      expect(answer.headers).toHaveProperty('X-Request-Id');
      for (const [type, media] of Object.entries(answer.content ?? {})) {
        if (type.endsWith('json')) expect(media.example ?? media.examples).toBeDefined();
      }
    }
  });

  test('names for each endpoint the errors it can answer, by code', () => {
    const { responses } = operationOf(CONTRACT.scrapeRepository);
    const codes = (status: number) => Object.keys(responses[status]?.content?.['application/problem+json']?.examples ?? {});
    expect(codes(409)).toEqual(['idempotency_key_in_use_409', 'scrape_already_running_409', 'repository_is_another_409']);
    expect(codes(401)).toEqual(['key_required_401', 'invalid_key_401']);
    expect(codes(422)).toContain('no_source_configured_422');
    expect(codes(429)).toEqual(['too_many_requests_429']);
  });

  test('every listed error belongs to an endpoint, or to the log stream', () => {
    const named = new Set<string>(endpoints.flatMap(([, endpoint]) => problemsOf(endpoint).map(({ code }) => code)));
    // Of any path and of the stream, which are no endpoints.
    for (const code of ['not_found', 'method_not_allowed', 'too_many_streams']) named.add(code);
    expect(Object.keys(PROBLEMS).filter((code) => !named.has(code))).toEqual([]);
  });
});
