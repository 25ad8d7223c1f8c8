import { z } from 'zod';
import { SCOPES } from '../../domain/scope.ts';
import { endpoint } from './endpoint.ts';
import { cursor, limit } from './parameters.ts';

const signedIn = z.strictObject({
  name: z.string().describe('The name of the key; "local" or "anonymous" without one'),
  scope: z.enum(SCOPES).nullable().describe('What may be done; null: what everybody may'),
  key_id: z.uuid().nullable(),
  session_expires_at: z.iso.datetime().nullable().describe('null: this is no session'),
});

export const createSession = endpoint({
  method: 'post',
  path: '/api/v1/session',
  access: 'open',
  summary: 'Sign a browser in with an API key; the answer sets an httpOnly cookie',
  body: z.strictObject({
    key: z
      .string()
      .min(1)
      .max(200)
      .describe('An API key: lrl_ and 43 characters')
      .meta({ examples: [`lrl_${'A'.repeat(43)}`] }),
  }),
  answers: { 201: { description: 'Signed in', body: signedIn } },
  problems: ['invalid_key'],
});

export const getSession = endpoint({
  method: 'get',
  path: '/api/v1/session',
  access: 'open',
  summary: 'Who you are here, and what you may do',
  answers: { 200: { description: 'The caller', body: signedIn } },
  problems: ['invalid_key'],
});

export const endSession = endpoint({
  method: 'delete',
  path: '/api/v1/session',
  access: 'open',
  summary: 'Sign out: the session ends and its cookie goes',
  answers: { 204: { description: 'Signed out, or was not signed in' } },
});

const auditEntry = z.strictObject({
  id: z.int(),
  at: z.iso.datetime(),
  actor: z.strictObject({
    id: z.string().describe('The id of a key; "local" on this machine without one; "anonymous" elsewhere without one'),
    name: z.string(),
  }),
  method: z.enum(['POST', 'PUT', 'PATCH', 'DELETE']),
  path: z.string().describe('The template of the path: what was put in is in target, by id; or the command that was given on this machine'),
  target: z.record(z.string(), z.union([z.string(), z.number()])),
  request_id: z.string(),
  result: z.int().describe('The status of the answer'),
});
export type AuditEntryResource = z.infer<typeof auditEntry>;

export const listAudit = endpoint({
  method: 'get',
  path: '/api/v1/audit',
  access: 'admin',
  summary: 'Every write that was asked for, newest first: who, what, when, with what result',
  query: z.strictObject({
    actor: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9 ._@-]{0,59}$/, 'must be the id or name of a key, "local" or "anonymous"')
      .optional()
      .describe('Only of this key, by id or name'),
    refused: z.enum(['true', 'false']).optional().describe('true: only what was refused; false: only what was carried out'),
    limit,
    cursor,
  }),
  answers: {
    200: {
      description: 'A page of the record',
      body: z.strictObject({ data: z.array(auditEntry), next_cursor: z.string().nullable(), total: z.int() }),
    },
  },
});
