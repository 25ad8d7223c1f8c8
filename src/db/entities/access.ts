import { defineEntity, p } from '@mikro-orm/core';
import { SCOPES, type Scope } from '../../domain/scope.ts';
import { key, moment, oneOf } from './columns.ts';

/** A key to the API. Only its hash is kept; two keys that are in force have different names. */
export const ApiKey = defineEntity({
  name: 'ApiKey',
  tableName: 'api_key',
  checks: [oneOf('api_key', 'scope', SCOPES)],
  uniques: [{ name: 'api_key_name_unique', properties: ['name'], where: 'revoked_at is null' }],
  properties: {
    id: p.uuid().primary(),
    name: p.text(),
    sha256: p.blob().unique('api_key_sha256_unique'),
    scope: p.text().$type<Scope>(),
    createdAt: moment().defaultRaw('now()'),
    lastUsedAt: moment().nullable(),
    revokedAt: moment().nullable(),
  },
});

/** A browser that is signed in with a key; the cookie holds what this is the hash of. */
export const Session = defineEntity({
  name: 'Session',
  tableName: 'session',
  indexes: [
    { name: 'session_api_key_id_index', properties: ['apiKeyId'] },
    { name: 'session_expires_at_index', properties: ['expiresAt'] },
  ],
  properties: {
    idSha256: p.blob().primary(),
    apiKeyId: () => p.manyToOne(ApiKey).mapToPk().fieldName('api_key_id').deleteRule('cascade').updateRule('no action').index(false),
    createdAt: moment().defaultRaw('now()'),
    expiresAt: moment(),
  },
});

/** A POST that may be repeated: what was asked, and, once it is there, what was answered. */
export const IdempotencyKey = defineEntity({
  name: 'IdempotencyKey',
  tableName: 'idempotency_key',
  primaryKeys: ['actor', 'key'],
  indexes: [{ name: 'idempotency_key_expires_at_index', properties: ['expiresAt'] }],
  properties: {
    actor: key().primary(),
    key: key().primary(),
    requestSha256: p.blob(),
    status: p.smallint().nullable(),
    headers: p.json<Readonly<Record<string, string>>>().nullable(),
    body: p.text().nullable(),
    startedAt: moment(),
    expiresAt: moment(),
  },
});

/** Every write that was asked for, by ids: who, what, and what came of it. Never a login, never a body. */
export const AuditLog = defineEntity({
  name: 'AuditLog',
  tableName: 'audit_log',
  indexes: [{ name: 'audit_log_at_index', properties: ['at'] }],
  properties: {
    id: p.bigint('number').primary().autoincrement(),
    at: moment().defaultRaw('now()'),
    actor: key(),
    method: p.text(),
    pathTemplate: p.text(),
    target: p.json<Readonly<Record<string, string | number>>>(),
    requestId: p.text(),
    result: p.smallint(),
  },
});
