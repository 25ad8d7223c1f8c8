import { Migration } from '@mikro-orm/migrations';

/** The tables of the foundation: repositories, people, contributions, jobs, boards. */
export class Migration20261123210000_foundation extends Migration {
  override name = 'Migration20261123210000_foundation';

  override up(): void {
    for (const statement of STATEMENTS) this.addSql(statement);
  }

  override down(): void {
    this.addSql(`drop schema staging cascade`);
    this.addSql(`drop table ${TABLES_DEPENDENTS_FIRST.join(', ')}`);
    this.addSql(`drop sequence board_version_seq`);
  }
}

// Boards are made by CREATE TABLE AS and attached: NOT NULL beside the key would cost another pass over every row.
const COUNTS = `
  total_score numeric(24,4),
  commit_count int,
  pr_opened_count int,
  pr_merged_count int,
  pr_reviewed_count int,
  pr_review_comments_count int,
  issues_opened_count int,
  issues_closed_count int,
  comments_count int,
  releases_count int,
  lines_added bigint,
  lines_deleted bigint,
  unknown_kinds int,
  first_contribution_at timestamptz,
  last_contribution_at timestamptz`;

const STAGED_PERSON = `github_id bigint, login text collate "C", account_type text`;

const STATEMENTS: readonly string[] = [
  `create extension if not exists btree_gist`,

  // Staging is one table per job, made like the two templates below: COPY, ANALYZE and DROP of one job touch no other.
  `create schema staging`,
  `create sequence board_version_seq as bigint`,

  `create table repository (
    id bigserial primary key,
    github_id bigint,
    node_id text,
    owner text not null,
    name text not null,
    description text,
    stars int,
    forks int,
    default_branch text,
    head_oid text,
    is_private boolean not null default false,
    is_sample boolean not null default false,
    status text not null default 'PENDING',
    rollup_version bigint not null default 0,
    last_scraped_at timestamptz,
    last_full_at timestamptz,
    created_at timestamptz not null default now(),
    constraint repository_github_id_unique unique (github_id),
    constraint repository_status_check check (status in ('PENDING','SCRAPING','COMPLETED','FAILED'))
  )`,
  `create unique index repository_name_unique on repository (lower(owner), lower(name))`,

  `create table repository_alias (
    owner_lc text not null,
    name_lc text not null,
    repository_id bigint not null constraint repository_alias_repository_id_foreign references repository on delete cascade,
    until timestamptz not null default now(),
    primary key (owner_lc, name_lc, repository_id)
  )`,
  `create index repository_alias_repository_id_index on repository_alias (repository_id)`,

  `create table github_user (
    id bigserial primary key,
    github_id bigint not null,
    node_id text,
    username text not null,
    display_name text,
    avatar_url text,
    profile_url text,
    company text,
    location text,
    account_type text,
    kind text not null default 'human',
    kind_rule text,
    kind_overridden boolean not null default false,
    person_id bigint not null constraint github_user_person_id_foreign references github_user,
    is_sample boolean not null default false,
    constraint github_user_github_id_unique unique (github_id),
    constraint github_user_kind_check check (kind in ('human','bot','agent'))
  )`,
  `create index github_user_username_index on github_user (lower(username))`,
  `create index github_user_person_id_index on github_user (person_id)`,

  `create table user_alias (
    login_lc text collate "C" not null,
    user_id bigint not null constraint user_alias_user_id_foreign references github_user on delete cascade,
    first_seen timestamptz not null,
    last_seen timestamptz not null,
    primary key (login_lc, user_id)
  )`,
  `create index user_alias_user_id_index on user_alias (user_id)`,

  `create table contributor_enrichment (
    user_id bigint primary key constraint contributor_enrichment_user_id_foreign references github_user on delete cascade,
    twitter_username text,
    linkedin_url text,
    personal_website text,
    personal_email text,
    enrichment_status text not null default 'PENDING',
    enrichment_sources jsonb not null default '{}',
    last_enriched_at timestamptz,
    error text,
    constraint contributor_enrichment_enrichment_status_check check (enrichment_status in ('PENDING','RUNNING','COMPLETED','PARTIAL','FAILED'))
  )`,

  `create table pull_request (
    repository_id bigint not null constraint pull_request_repository_id_foreign references repository on delete cascade,
    number int not null,
    author_id bigint constraint pull_request_author_id_foreign references github_user on delete set null,
    created_at timestamptz,
    merged_at timestamptz,
    base_ref text,
    source smallint not null,
    primary key (repository_id, number)
  )`,
  `create index pull_request_author_id_index on pull_request (author_id)`,

  `create table contribution_event (
    repository_id bigint not null constraint contribution_event_repository_id_foreign references repository on delete cascade,
    kind smallint not null,
    source smallint not null,
    is_estimate boolean not null,
    number int,
    user_id bigint constraint contribution_event_user_id_foreign references github_user on delete set null,
    occurred_at timestamptz not null,
    quantity int,
    lines_added int,
    lines_deleted int,
    subject text collate "C" not null,
    actor_login text collate "C",
    source_event text,
    primary key (repository_id, kind, subject)
  )`,
  `create index contribution_event_occurred_at_index on contribution_event (repository_id, occurred_at)`,
  `create index contribution_event_user_id_index on contribution_event (user_id, occurred_at desc)`,
  `create index contribution_event_number_index on contribution_event (repository_id, kind, number)`,

  `create table covered_range (
    repository_id bigint not null constraint covered_range_repository_id_foreign references repository on delete cascade,
    source smallint not null,
    kind smallint not null,
    during daterange not null,
    state text not null,
    note text,
    job_id uuid,
    primary key (repository_id, source, kind, during),
    constraint covered_range_state_check check (state in ('complete','degraded','missing')),
    constraint covered_range_once exclude using gist (repository_id with =, source with =, kind with =, during with &&)
  )`,

  `create table repository_coverage (
    repository_id bigint not null constraint repository_coverage_repository_id_foreign references repository on delete cascade,
    kind smallint not null,
    month date not null,
    stored bigint not null,
    unattributed bigint not null,
    excluded bigint not null default 0,
    github_total bigint,
    checked_at timestamptz,
    primary key (repository_id, kind, month)
  )`,

  `create table sync_cursor (
    repository_id bigint not null constraint sync_cursor_repository_id_foreign references repository on delete cascade,
    source smallint not null,
    stream text not null,
    watermark jsonb,
    etag text,
    primary key (repository_id, source, stream)
  )`,

  `create table contribution_day (
    repository_id bigint not null,
    person_id bigint not null,
    day date not null,
    kind smallint not null,
    quantity int,
    unknown int not null,
    lines_unknown int not null,
    lines_added bigint,
    lines_deleted bigint,
    first_at timestamptz not null,
    last_at timestamptz not null,
    primary key (repository_id, day, kind, person_id)
  )`,

  `create table board (
    scope bigint primary key,
    version bigint not null,
    previous_version bigint,
    scoring_version int not null,
    previous_scoring_version int,
    identity_version bigint not null,
    window_since date not null,
    window_until date not null,
    fingerprint bytea not null,
    as_of timestamptz not null,
    people int not null,
    compared_to date
  )`,

  `create table repository_leaderboard (
    repository_id bigint not null,
    version bigint not null,
    person_id bigint not null,
    scoring_version int not null,
    rank int,
    position int,${COUNTS},
    primary key (scoring_version, repository_id, version, person_id)
  ) partition by list (scoring_version)`,
  `create index repository_leaderboard_position_index on repository_leaderboard (repository_id, version, position)`,
  `create table repository_leaderboard_1 partition of repository_leaderboard for values in (1)`,

  `create table global_leaderboard (
    version bigint not null,
    person_id bigint not null,
    rank int,
    position int,${COUNTS},
    repositories_contributed int,
    primary key (version, person_id)
  ) partition by list (version)`,
  `create table global_leaderboard_0 partition of global_leaderboard for values in (0)`,
  `create index global_leaderboard_position_index on global_leaderboard (version, position)`,

  `create table leaderboard_snapshot (
    scope bigint not null,
    person_id bigint not null,
    day date not null,
    rank int not null,
    total_score numeric(24,4) not null,
    primary key (scope, person_id, day)
  ) partition by range (day)`,
  `create table leaderboard_snapshot_2026_11 partition of leaderboard_snapshot for values from ('2026-11-01') to ('2026-12-01')`,
  `create index leaderboard_snapshot_day_index on leaderboard_snapshot (scope, day)`,

  `create table scoring_version (
    version int primary key,
    line_bonus_cap numeric(12,4) not null,
    options jsonb not null default '{}',
    created_at timestamptz not null default now(),
    created_by text,
    note text,
    constraint scoring_version_line_bonus_cap_check check (line_bonus_cap >= 0 and line_bonus_cap <= 10000)
  )`,
  `create table scoring_weight (
    version int not null constraint scoring_weight_version_foreign references scoring_version on delete cascade,
    event_type text not null,
    base_points numeric(12,4) not null,
    description text not null,
    primary key (version, event_type),
    constraint scoring_weight_base_points_check check (base_points >= 0 and base_points <= 10000)
  )`,

  `create table scrape_job (
    id uuid primary key,
    job_type text not null,
    repository_id bigint constraint scrape_job_repository_id_foreign references repository on delete set null,
    repository_name text not null,
    user_id bigint constraint scrape_job_user_id_foreign references github_user on delete set null,
    status text not null default 'QUEUED',
    phase text not null default 'QUEUED',
    workflow_id text not null,
    run_id text,
    sources text[] not null,
    window_since date not null,
    window_until date not null,
    requested_by text not null,
    retry_of uuid,
    attempt int not null default 1,
    next_retry_at timestamptz,
    waiting_until timestamptz,
    waiting_for text,
    done bigint not null default 0,
    total bigint,
    unit text,
    events_processed bigint not null default 0,
    people int,
    complete boolean,
    incomplete jsonb not null default '[]',
    plan_note text,
    error_code text,
    error_message text,
    last_log_seq int not null default 0,
    cancel_requested_at timestamptz,
    dispatched_at timestamptz,
    created_at timestamptz not null default now(),
    started_at timestamptz,
    completed_at timestamptz,
    constraint scrape_job_workflow_id_unique unique (workflow_id),
    constraint scrape_job_status_check check (status in ('QUEUED','RUNNING','RETRYING','COMPLETED','FAILED','CANCELLED')),
    constraint scrape_job_job_type_check check (job_type in ('FULL','REFRESH','IMPORT','ENRICH','ENRICH_BATCH','RESCORE')),
    constraint scrape_job_window_check check (window_since <= window_until)
  )`,
  `create unique index scrape_job_one_per_repository on scrape_job (repository_id)
     where status in ('QUEUED','RUNNING','RETRYING') and repository_id is not null`,
  `create unique index scrape_job_one_per_user on scrape_job (job_type, user_id)
     where status in ('QUEUED','RUNNING','RETRYING') and job_type = 'ENRICH'`,
  `create unique index scrape_job_one_per_type on scrape_job (job_type)
     where status in ('QUEUED','RUNNING','RETRYING') and job_type in ('ENRICH_BATCH','RESCORE')`,
  `create index scrape_job_unfinished_index on scrape_job (created_at) where status in ('QUEUED','RUNNING','RETRYING')`,
  `create index scrape_job_repository_id_index on scrape_job (repository_id, id)`,
  `create index scrape_job_user_id_index on scrape_job (user_id)`,

  // What a job has to read is logged; how far it got is unlogged, like the rows it staged: a crash of Postgres empties both.
  `create table planned_slice (
    job_id uuid not null constraint planned_slice_job_id_foreign references scrape_job on delete cascade,
    source smallint not null,
    slice text not null,
    ordinal int not null,
    primary key (job_id, source, slice)
  )`,
  `create unlogged table scrape_slice (
    job_id uuid not null constraint scrape_slice_job_id_foreign references scrape_job on delete cascade,
    source smallint not null,
    slice text not null,
    cursor jsonb,
    done boolean not null default false,
    pages int not null default 0,
    coverage jsonb,
    updated_at timestamptz not null default now(),
    primary key (job_id, source, slice)
  )`,
  // Templates of the staging tables; `ordinal` says what was staged last.
  `create unlogged sequence staging.batch_seq as bigint`,
  `create table staged_contribution (
    ordinal bigint not null,
    kind smallint not null,
    source smallint not null,
    is_estimate boolean not null,
    number int,
    occurred_at timestamptz not null,
    quantity int,
    lines_added int,
    lines_deleted int,
    subject text collate "C" not null,
    ${STAGED_PERSON},
    source_event text
  )`,
  `create table staged_pull_request (
    ordinal bigint not null,
    source smallint not null,
    number int not null,
    created_at timestamptz,
    merged_at timestamptz,
    base_ref text,
    ${STAGED_PERSON}
  )`,

  `create table job_log (
    id bigserial not null,
    job_id uuid not null constraint job_log_job_id_foreign references scrape_job on delete cascade,
    seq int not null,
    at timestamptz not null,
    level smallint not null,
    message text not null,
    fields jsonb not null,
    primary key (job_id, seq),
    constraint job_log_id_unique unique (id)
  )`,
  `create index job_log_at_index on job_log (at)`,

  `create table archive_file (
    name text primary key,
    hour timestamptz,
    sha256 bytea not null,
    rows int not null,
    quarantined int not null,
    pr_share real,
    state text not null,
    reason text,
    imported_at timestamptz not null default now(),
    constraint archive_file_state_check check (state in ('ok','degraded','damaged','empty'))
  )`,
  `create index archive_file_hour_index on archive_file (hour)`,

  `create table setting (name text primary key, value jsonb not null)`,
];

const TABLES_DEPENDENTS_FIRST = [
  'setting',
  'archive_file',
  'job_log',
  'staged_pull_request',
  'staged_contribution',
  'scrape_slice',
  'planned_slice',
  'scrape_job',
  'scoring_weight',
  'scoring_version',
  'leaderboard_snapshot',
  'global_leaderboard',
  'repository_leaderboard',
  'board',
  'contribution_day',
  'sync_cursor',
  'repository_coverage',
  'covered_range',
  'contribution_event',
  'pull_request',
  'contributor_enrichment',
  'user_alias',
  'github_user',
  'repository_alias',
  'repository',
];
