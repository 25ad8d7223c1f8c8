import { Migration } from '@mikro-orm/migrations';

/** Who is hidden or erased, what was changed about who is who, and what a job without a repository was asked for. */
export class Migration20261124020000_people extends Migration {
  override name = 'Migration20261124020000_people';

  override up(): void {
    // user_id null: erased, or hidden before the account was ever seen. It goes with the account; the hash stays.
    this.addSql(`create table opt_out (
      id_hmac bytea primary key,
      mode text not null,
      user_id bigint null,
      login_hmacs bytea[] not null default '{}',
      created_at timestamptz not null default now(),
      constraint opt_out_user_id_unique unique (user_id),
      constraint opt_out_mode_check check (mode in ('hide','erase')),
      constraint opt_out_user_id_foreign foreign key (user_id) references github_user (id) on delete set null
    )`);
    this.addSql(`create table identity_change (
      id bigserial primary key,
      at timestamptz not null default now(),
      actor text not null,
      action text not null,
      user_ids bigint[] not null,
      before jsonb not null,
      after jsonb not null,
      reason text null,
      constraint identity_change_action_check check (action in ('merge','split','kind'))
    )`);
    this.addSql(`create index identity_change_user_ids_index on identity_change using gin (user_ids)`);
    this.addSql(`alter table scrape_job add column request jsonb null`);
    // How asking each source ended: {website: {state, at}}.
    this.addSql(`alter table contributor_enrichment add column source_states jsonb not null default '{}'`);
  }

  override down(): void {
    this.addSql(`alter table contributor_enrichment drop column source_states`);
    this.addSql(`alter table scrape_job drop column request`);
    this.addSql(`drop table identity_change`);
    this.addSql(`drop table opt_out`);
  }
}
