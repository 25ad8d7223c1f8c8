import { z } from 'zod';
import { endpoint } from './endpoint.ts';

export const deleteSample = endpoint({
  method: 'delete',
  path: '/api/v1/sample',
  access: 'admin',
  summary: 'Remove the sample repositories, for good',
  answers: { 204: { description: 'Removed, or there was none' } },
});

export const getIndex = endpoint({
  method: 'get',
  path: '/',
  access: 'open',
  summary: 'Where everything is',
  answers: {
    200: { description: 'Links', body: z.strictObject({ name: z.string(), links: z.record(z.string(), z.string()) }) },
  },
});

export const getHealth = endpoint({
  method: 'get',
  path: '/healthz',
  access: 'open',
  summary: 'The process answers',
  answers: { 200: { description: 'It does', body: z.strictObject({ status: z.literal('ok'), instance: z.string() }) } },
});

export const getReadiness = endpoint({
  method: 'get',
  path: '/readyz',
  access: 'open',
  summary: 'The database answers with the current schema, Temporal answers, and nothing blocks the process; 503 says what is missing',
  answers: {
    200: {
      description: 'Ready',
      body: z.strictObject({
        status: z.literal('ready'),
        checks: z.strictObject({
          database: z.literal('ok'),
          migrations: z.literal('ok'),
          temporal: z.literal('ok'),
          event_loop: z.literal('ok'),
        }),
      }),
    },
  },
  problems: ['not_ready'],
});

export const getMetrics = endpoint({
  method: 'get',
  path: '/metrics',
  access: 'read',
  summary: 'What this process counts, for Prometheus; METRICS_PORT tells the same without a key',
  answers: { 200: { description: 'The text format of Prometheus', media: ['text/plain'] } },
});

export const getOpenApi = endpoint({
  method: 'get',
  path: '/api/openapi.json',
  access: 'open',
  summary: 'This description, as OpenAPI 3.1; /docs shows it to people',
  answers: { 200: { description: 'The description', media: ['application/json'] } },
});
