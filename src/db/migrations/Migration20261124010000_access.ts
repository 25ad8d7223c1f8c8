import { Migration } from '@mikro-orm/migrations';

/** Keys, sessions, repeatable requests and the record of writes. */
export class Migration20261124010000_access extends Migration {
  override name = 'Migration20261124010000_access';

  override up(): void {
    this.addSql(`create table api_key (
      id uuid primary key,
      name text not null,
      sha256 bytea not null constraint api_key_sha256_unique unique,
      scope text not null constraint api_key_scope_check check (scope in ('read','write','admin')),
      created_at timestamptz not null default now(),
      last_used_at timestamptz,
      revoked_at timestamptz
    )`);
    this.addSql(`create unique index api_key_name_unique on api_key (name) where revoked_at is null`);

    this.addSql(`create table session (
      id_sha256 bytea primary key,
      api_key_id uuid not null constraint session_api_key_id_foreign references api_key on delete cascade,
      created_at timestamptz not null default now(),
      expires_at timestamptz not null
    )`);
    this.addSql(`create index session_api_key_id_index on session (api_key_id)`);
    this.addSql(`create index session_expires_at_index on session (expires_at)`);

    this.addSql(`create table idempotency_key (
      actor text collate "C" not null,
      key text collate "C" not null,
      request_sha256 bytea not null,
      status smallint,
      headers jsonb,
      body text,
      started_at timestamptz not null,
      expires_at timestamptz not null,
      primary key (actor, key)
    )`);
    this.addSql(`create index idempotency_key_expires_at_index on idempotency_key (expires_at)`);

    this.addSql(`create table audit_log (
      id bigserial primary key,
      at timestamptz not null default now(),
      actor text collate "C" not null,
      method text not null,
      path_template text not null,
      target jsonb not null,
      request_id text not null,
      result smallint not null
    )`);
    this.addSql(`create index audit_log_at_index on audit_log (at)`);
  }

  override down(): void {
    for (const table of ['audit_log', 'idempotency_key', 'session', 'api_key']) this.addSql(`drop table ${table}`);
  }
}
