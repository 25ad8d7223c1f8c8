import { Migration } from '@mikro-orm/migrations';

/** What BigQuery was asked and what it cost, and which scrape waits for, or has, which part of a result. */
export class Migration20261124010000_bigquery extends Migration {
  override name = 'Migration20261124010000_bigquery';

  override up(): void {
    this.addSql(`create table bigquery_query (
      job_id text not null,
      purpose text not null,
      scrape_jobs uuid[] not null,
      repositories text[] not null,
      asked_by text[] not null,
      tables text[] not null,
      own_table text,
      asked_on date not null,
      bytes_estimated bigint not null,
      bytes_cap bigint not null,
      bytes_billed bigint,
      state text not null default 'RESERVED',
      error text,
      created_at timestamptz not null default now(),
      finished_at timestamptz,
      constraint bigquery_query_pkey primary key (job_id),
      constraint bigquery_query_purpose_check check (purpose in ('extract','fill')),
      constraint bigquery_query_state_check check (state in ('RESERVED','RUNNING','DONE','FAILED'))
    )`);
    this.addSql(`create index bigquery_query_created_at_index on bigquery_query (created_at)`);
    this.addSql(`create table bigquery_extract (
      job_id uuid not null,
      batch uuid,
      query text,
      slot int,
      github_id bigint,
      name text not null,
      since date not null,
      until date not null,
      first_row bigint,
      rows bigint,
      state text not null default 'WAITING',
      error_code text,
      error_message text,
      created_at timestamptz not null default now(),
      settled_at timestamptz,
      constraint bigquery_extract_pkey primary key (job_id),
      constraint bigquery_extract_state_check check (state in ('WAITING','BATCHED','READY','FAILED')),
      constraint bigquery_extract_job_id_foreign foreign key (job_id) references scrape_job (id) on delete cascade
    )`);
    this.addSql(`create index bigquery_extract_batch_index on bigquery_extract (batch)`);
    this.addSql(`create table bigquery_kept (
      own_table text not null,
      github_id bigint not null,
      days datemultirange not null,
      constraint bigquery_kept_pkey primary key (own_table, github_id)
    )`);
  }

  override down(): void {
    this.addSql(`drop table bigquery_kept`);
    this.addSql(`drop table bigquery_extract`);
    this.addSql(`drop table bigquery_query`);
  }
}
