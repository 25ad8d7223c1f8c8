import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { CONTRACT } from '../../src/api/contract.ts';
import type { Endpoint } from '../../src/api/contract/endpoint.ts';
import { BOARD_SORTS, scoredOf } from '../../src/api/contract/leaderboards.ts';
import { SCORED, SCORED_NAMES } from '../../src/domain/scoring.ts';

const endpoints = Object.entries(CONTRACT) as [string, Endpoint][];

describe('the contract', () => {
  test('has each method and path once', () => {
    const places = endpoints.map(([, { method, path }]) => `${method} ${path}`);
    expect(new Set(places).size).toBe(places.length);
  });

  test.each(endpoints)('%s names in its path the parameters it checks', (_, { path, params }) => {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    expect(Object.keys(params?.shape ?? {})).toEqual(inPath);
  });

  test.each(endpoints)('%s can be written as JSON Schema, and knows no other field', (_, { params, query, body, answers }) => {
    const sent = [params, query, body].filter((schema) => schema !== undefined);
    for (const schema of sent) {
      const json = z.toJSONSchema(schema, { io: 'input' });
      const object = 'anyOf' in json ? json.anyOf?.[0] : json;
      expect(object).toMatchObject({ type: 'object', additionalProperties: false });
    }
    for (const { body: answered } of Object.values(answers)) {
      if (answered !== undefined) expect(z.toJSONSchema(answered)).toMatchObject({ additionalProperties: false });
    }
  });

  test.each(endpoints)('%s says in a sentence what it does', (_, { summary, answers }) => {
    expect(summary.length).toBeGreaterThan(10);
    expect(Object.values(answers).every(({ description }) => description.length > 2)).toBe(true);
  });
});

describe('a sort', () => {
  test('is every figure of a row, by its name there', () => {
    expect(BOARD_SORTS.map(scoredOf)).toEqual(['total_score', ...SCORED_NAMES, 'last_contribution_at']);
    expect(BOARD_SORTS.slice(1, -1)).toEqual(SCORED_NAMES.map((scored) => SCORED[scored].column));
  });
});
