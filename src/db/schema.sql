-- The migrated schema, from PostgreSQL's catalogue. Made by: UPDATE=1 npm run drift

table api_key
  id uuid not null
  name text not null
  sha256 bytea not null
  scope text not null
  created_at timestamp with time zone not null default now()
  last_used_at timestamp with time zone
  revoked_at timestamp with time zone
  constraint api_key_sha256_unique UNIQUE (sha256)
  constraint api_key_pkey PRIMARY KEY (id)
  constraint api_key_scope_check CHECK ((scope = ANY (ARRAY['read'::text, 'write'::text, 'admin'::text])))
  CREATE UNIQUE INDEX api_key_name_unique ON api_key USING btree (name) WHERE (revoked_at IS NULL)

table archive_file
  name text not null
  hour timestamp with time zone
  sha256 bytea not null
  rows integer not null
  quarantined integer not null
  pr_share real
  state text not null
  reason text
  imported_at timestamp with time zone not null default now()
  constraint archive_file_pkey PRIMARY KEY (name)
  constraint archive_file_state_check CHECK ((state = ANY (ARRAY['ok'::text, 'degraded'::text, 'damaged'::text, 'empty'::text])))
  CREATE INDEX archive_file_hour_index ON archive_file USING btree (hour)

table audit_log
  id bigint not null default nextval('audit_log_id_seq'::regclass)
  at timestamp with time zone not null default now()
  actor text collate "C" not null
  method text not null
  path_template text not null
  target jsonb not null
  request_id text not null
  result smallint not null
  constraint audit_log_pkey PRIMARY KEY (id)
  CREATE INDEX audit_log_at_index ON audit_log USING btree (at)

table avatar
  github_id bigint not null
  media_type text
  image bytea
  fetched_at timestamp with time zone not null default now()
  constraint avatar_pkey PRIMARY KEY (github_id)

table bigquery_extract
  job_id uuid not null
  batch uuid
  query text
  slot integer
  github_id bigint
  name text not null
  since date not null
  until date not null
  first_row bigint
  rows bigint
  state text not null default 'WAITING'::text
  error_code text
  error_message text
  created_at timestamp with time zone not null default now()
  settled_at timestamp with time zone
  constraint bigquery_extract_pkey PRIMARY KEY (job_id)
  constraint bigquery_extract_job_id_foreign FOREIGN KEY (job_id) REFERENCES scrape_job(id) ON DELETE CASCADE
  constraint bigquery_extract_state_check CHECK ((state = ANY (ARRAY['WAITING'::text, 'BATCHED'::text, 'READY'::text, 'FAILED'::text])))
  CREATE INDEX bigquery_extract_batch_index ON bigquery_extract USING btree (batch)

table bigquery_kept
  own_table text not null
  github_id bigint not null
  days datemultirange not null
  constraint bigquery_kept_pkey PRIMARY KEY (own_table, github_id)

table bigquery_query
  job_id text not null
  purpose text not null
  scrape_jobs uuid[] not null
  repositories text[] not null
  asked_by text[] not null
  tables text[] not null
  own_table text
  asked_on date not null
  bytes_estimated bigint not null
  bytes_cap bigint not null
  bytes_billed bigint
  state text not null default 'RESERVED'::text
  error text
  created_at timestamp with time zone not null default now()
  finished_at timestamp with time zone
  constraint bigquery_query_pkey PRIMARY KEY (job_id)
  constraint bigquery_query_purpose_check CHECK ((purpose = ANY (ARRAY['extract'::text, 'fill'::text])))
  constraint bigquery_query_state_check CHECK ((state = ANY (ARRAY['RESERVED'::text, 'RUNNING'::text, 'DONE'::text, 'FAILED'::text])))
  CREATE INDEX bigquery_query_created_at_index ON bigquery_query USING btree (created_at)

table board
  scope bigint not null
  version bigint not null
  previous_version bigint
  scoring_version integer not null
  previous_scoring_version integer
  identity_version bigint not null
  window_since date not null
  window_until date not null
  fingerprint bytea not null
  as_of timestamp with time zone not null
  people integer not null
  compared_to date
  constraint board_pkey PRIMARY KEY (scope)

sequence board_version_seq

table contribution_day
  repository_id bigint not null
  person_id bigint not null
  day date not null
  kind smallint not null
  quantity integer
  unknown integer not null
  lines_unknown integer not null
  lines_added bigint
  lines_deleted bigint
  first_at timestamp with time zone not null
  last_at timestamp with time zone not null
  constraint contribution_day_pkey PRIMARY KEY (repository_id, day, kind, person_id)
  CREATE INDEX contribution_day_person_index ON contribution_day USING btree (person_id, day)

table contribution_event
  repository_id bigint not null
  kind smallint not null
  source smallint not null
  is_estimate boolean not null
  number integer
  user_id bigint
  occurred_at timestamp with time zone not null
  quantity integer
  lines_added integer
  lines_deleted integer
  subject text collate "C" not null
  actor_login text collate "C"
  source_event text
  constraint contribution_event_pkey PRIMARY KEY (repository_id, kind, subject)
  constraint contribution_event_repository_id_foreign FOREIGN KEY (repository_id) REFERENCES repository(id) ON DELETE CASCADE
  constraint contribution_event_user_id_foreign FOREIGN KEY (user_id) REFERENCES github_user(id) ON DELETE SET NULL
  CREATE INDEX contribution_event_number_index ON contribution_event USING btree (repository_id, kind, number)
  CREATE INDEX contribution_event_occurred_at_index ON contribution_event USING btree (repository_id, occurred_at)
  CREATE INDEX contribution_event_user_id_index ON contribution_event USING btree (user_id, occurred_at DESC)

table contributor_enrichment
  user_id bigint not null
  twitter_username text
  linkedin_url text
  personal_website text
  personal_email text
  enrichment_status text not null default 'PENDING'::text
  enrichment_sources jsonb not null default '{}'::jsonb
  last_enriched_at timestamp with time zone
  error text
  source_states jsonb not null default '{}'::jsonb
  constraint contributor_enrichment_pkey PRIMARY KEY (user_id)
  constraint contributor_enrichment_user_id_foreign FOREIGN KEY (user_id) REFERENCES github_user(id) ON DELETE CASCADE
  constraint contributor_enrichment_enrichment_status_check CHECK ((enrichment_status = ANY (ARRAY['PENDING'::text, 'RUNNING'::text, 'COMPLETED'::text, 'PARTIAL'::text, 'FAILED'::text])))

table covered_range
  repository_id bigint not null
  source smallint not null
  kind smallint not null
  during daterange not null
  state text not null
  note text
  job_id uuid
  constraint covered_range_once EXCLUDE USING gist (repository_id WITH =, source WITH =, kind WITH =, during WITH &&)
  constraint covered_range_pkey PRIMARY KEY (repository_id, source, kind, during)
  constraint covered_range_repository_id_foreign FOREIGN KEY (repository_id) REFERENCES repository(id) ON DELETE CASCADE
  constraint covered_range_state_check CHECK ((state = ANY (ARRAY['complete'::text, 'degraded'::text, 'missing'::text])))

table github_user
  id bigint not null default nextval('github_user_id_seq'::regclass)
  github_id bigint not null
  node_id text
  username text not null
  display_name text
  avatar_url text
  profile_url text
  company text
  location text
  account_type text
  kind text not null default 'human'::text
  kind_rule text
  kind_overridden boolean not null default false
  person_id bigint not null
  is_sample boolean not null default false
  constraint github_user_github_id_unique UNIQUE (github_id)
  constraint github_user_pkey PRIMARY KEY (id)
  constraint github_user_person_id_foreign FOREIGN KEY (person_id) REFERENCES github_user(id)
  constraint github_user_kind_check CHECK ((kind = ANY (ARRAY['human'::text, 'bot'::text, 'agent'::text])))
  CREATE INDEX github_user_not_human_index ON github_user USING btree (id) WHERE (kind <> 'human'::text)
  CREATE INDEX github_user_person_id_index ON github_user USING btree (person_id)
  CREATE INDEX github_user_username_index ON github_user USING btree (lower(username))

table global_leaderboard partition by LIST (version)
  version bigint not null
  person_id bigint not null
  rank integer
  "position" integer
  total_score numeric(24,4)
  commit_count integer
  pr_opened_count integer
  pr_merged_count integer
  pr_reviewed_count integer
  pr_review_comments_count integer
  issues_opened_count integer
  issues_closed_count integer
  comments_count integer
  releases_count integer
  lines_added bigint
  lines_deleted bigint
  unknown_kinds integer
  first_contribution_at timestamp with time zone
  last_contribution_at timestamp with time zone
  repositories_contributed integer
  constraint global_leaderboard_pkey PRIMARY KEY (person_id, version)
  CREATE INDEX global_leaderboard_position_index ON ONLY global_leaderboard USING btree (version, "position")
  partition global_leaderboard_0 FOR VALUES IN ('0')

table idempotency_key
  actor text collate "C" not null
  key text collate "C" not null
  request_sha256 bytea not null
  status smallint
  headers jsonb
  body text
  started_at timestamp with time zone not null
  expires_at timestamp with time zone not null
  constraint idempotency_key_pkey PRIMARY KEY (actor, key)
  CREATE INDEX idempotency_key_expires_at_index ON idempotency_key USING btree (expires_at)

table identity_change
  id bigint not null default nextval('identity_change_id_seq'::regclass)
  at timestamp with time zone not null default now()
  actor text not null
  action text not null
  user_ids bigint[] not null
  before jsonb not null
  after jsonb not null
  reason text
  constraint identity_change_pkey PRIMARY KEY (id)
  constraint identity_change_action_check CHECK ((action = ANY (ARRAY['merge'::text, 'split'::text, 'kind'::text])))
  CREATE INDEX identity_change_user_ids_index ON identity_change USING gin (user_ids)

table job_log
  id bigint not null default nextval('job_log_id_seq'::regclass)
  job_id uuid not null
  seq integer not null
  at timestamp with time zone not null
  level smallint not null
  message text not null
  fields jsonb not null
  constraint job_log_id_unique UNIQUE (id)
  constraint job_log_pkey PRIMARY KEY (job_id, seq)
  constraint job_log_job_id_foreign FOREIGN KEY (job_id) REFERENCES scrape_job(id) ON DELETE CASCADE
  CREATE INDEX job_log_at_index ON job_log USING btree (at)
  CREATE INDEX job_log_error_index ON job_log USING btree (at DESC, id DESC) WHERE (level >= 50)

table leaderboard_snapshot partition by RANGE (day)
  scope bigint not null
  person_id bigint not null
  day date not null
  rank integer not null
  total_score numeric(24,4) not null
  constraint leaderboard_snapshot_pkey PRIMARY KEY (scope, person_id, day)
  CREATE INDEX leaderboard_snapshot_day_index ON ONLY leaderboard_snapshot USING btree (scope, day)
  partition leaderboard_snapshot_2026_11 FOR VALUES FROM ('2026-11-01') TO ('2026-12-01')

table opt_out
  id_hmac bytea not null
  mode text not null
  user_id bigint
  login_hmacs bytea[] not null default '{}'::bytea[]
  created_at timestamp with time zone not null default now()
  constraint opt_out_user_id_unique UNIQUE (user_id)
  constraint opt_out_pkey PRIMARY KEY (id_hmac)
  constraint opt_out_user_id_foreign FOREIGN KEY (user_id) REFERENCES github_user(id) ON DELETE SET NULL
  constraint opt_out_mode_check CHECK ((mode = ANY (ARRAY['hide'::text, 'erase'::text])))

table planned_slice
  job_id uuid not null
  source smallint not null
  slice text not null
  ordinal integer not null
  constraint planned_slice_pkey PRIMARY KEY (job_id, source, slice)
  constraint planned_slice_job_id_foreign FOREIGN KEY (job_id) REFERENCES scrape_job(id) ON DELETE CASCADE

table pull_request
  repository_id bigint not null
  number integer not null
  author_id bigint
  created_at timestamp with time zone
  merged_at timestamp with time zone
  base_ref text
  source smallint not null
  constraint pull_request_pkey PRIMARY KEY (repository_id, number)
  constraint pull_request_author_id_foreign FOREIGN KEY (author_id) REFERENCES github_user(id) ON DELETE SET NULL
  constraint pull_request_repository_id_foreign FOREIGN KEY (repository_id) REFERENCES repository(id) ON DELETE CASCADE
  CREATE INDEX pull_request_author_id_index ON pull_request USING btree (author_id)

table repository
  id bigint not null default nextval('repository_id_seq'::regclass)
  github_id bigint
  node_id text
  owner text not null
  name text not null
  description text
  stars integer
  forks integer
  default_branch text
  head_oid text
  is_private boolean not null default false
  is_sample boolean not null default false
  status text not null default 'PENDING'::text
  rollup_version bigint not null default 0
  last_scraped_at timestamp with time zone
  last_full_at timestamp with time zone
  created_at timestamp with time zone not null default now()
  constraint repository_github_id_unique UNIQUE (github_id)
  constraint repository_pkey PRIMARY KEY (id)
  constraint repository_status_check CHECK ((status = ANY (ARRAY['PENDING'::text, 'SCRAPING'::text, 'COMPLETED'::text, 'FAILED'::text])))
  CREATE UNIQUE INDEX repository_name_unique ON repository USING btree (lower(owner), lower(name))

table repository_alias
  owner_lc text not null
  name_lc text not null
  repository_id bigint not null
  until timestamp with time zone not null default now()
  constraint repository_alias_pkey PRIMARY KEY (owner_lc, name_lc, repository_id)
  constraint repository_alias_repository_id_foreign FOREIGN KEY (repository_id) REFERENCES repository(id) ON DELETE CASCADE
  CREATE INDEX repository_alias_repository_id_index ON repository_alias USING btree (repository_id)

table repository_coverage
  repository_id bigint not null
  kind smallint not null
  month date not null
  stored bigint not null
  unattributed bigint not null
  excluded bigint not null default 0
  github_total bigint
  checked_at timestamp with time zone
  constraint repository_coverage_pkey PRIMARY KEY (repository_id, kind, month)
  constraint repository_coverage_repository_id_foreign FOREIGN KEY (repository_id) REFERENCES repository(id) ON DELETE CASCADE

table repository_leaderboard partition by LIST (scoring_version)
  repository_id bigint not null
  version bigint not null
  person_id bigint not null
  scoring_version integer not null
  rank integer
  "position" integer
  total_score numeric(24,4)
  commit_count integer
  pr_opened_count integer
  pr_merged_count integer
  pr_reviewed_count integer
  pr_review_comments_count integer
  issues_opened_count integer
  issues_closed_count integer
  comments_count integer
  releases_count integer
  lines_added bigint
  lines_deleted bigint
  unknown_kinds integer
  first_contribution_at timestamp with time zone
  last_contribution_at timestamp with time zone
  login_order integer
  constraint repository_leaderboard_pkey PRIMARY KEY (person_id, repository_id, version, scoring_version)
  CREATE INDEX repository_leaderboard_position_index ON ONLY repository_leaderboard USING btree (repository_id, version, "position")
  partition repository_leaderboard_1 FOR VALUES IN (1)

table scoring_version
  version integer not null
  line_bonus_cap numeric(12,4) not null
  options jsonb not null default '{}'::jsonb
  created_at timestamp with time zone not null default now()
  created_by text
  note text
  constraint scoring_version_pkey PRIMARY KEY (version)
  constraint scoring_version_line_bonus_cap_check CHECK (((line_bonus_cap >= (0)::numeric) AND (line_bonus_cap <= (10000)::numeric)))

table scoring_weight
  version integer not null
  event_type text not null
  base_points numeric(12,4) not null
  description text not null
  constraint scoring_weight_pkey PRIMARY KEY (version, event_type)
  constraint scoring_weight_version_foreign FOREIGN KEY (version) REFERENCES scoring_version(version) ON DELETE CASCADE
  constraint scoring_weight_base_points_check CHECK (((base_points >= (0)::numeric) AND (base_points <= (10000)::numeric)))

table scrape_job
  id uuid not null
  job_type text not null
  repository_id bigint
  repository_name text not null
  user_id bigint
  status text not null default 'QUEUED'::text
  phase text not null default 'QUEUED'::text
  workflow_id text not null
  run_id text
  sources text[] not null
  window_since date not null
  window_until date not null
  requested_by text not null
  retry_of uuid
  attempt integer not null default 1
  next_retry_at timestamp with time zone
  waiting_until timestamp with time zone
  waiting_for text
  done bigint not null default 0
  total bigint
  unit text
  events_processed bigint not null default 0
  people integer
  complete boolean
  incomplete jsonb not null default '[]'::jsonb
  plan_note text
  error_code text
  error_message text
  last_log_seq integer not null default 0
  cancel_requested_at timestamp with time zone
  dispatched_at timestamp with time zone
  created_at timestamp with time zone not null default now()
  started_at timestamp with time zone
  completed_at timestamp with time zone
  plan_estimate jsonb
  reading_since timestamp with time zone
  reading_from bigint not null default 0
  waiting_since timestamp with time zone
  waited_seconds integer not null default 0
  request jsonb
  constraint scrape_job_workflow_id_unique UNIQUE (workflow_id)
  constraint scrape_job_pkey PRIMARY KEY (id)
  constraint scrape_job_repository_id_foreign FOREIGN KEY (repository_id) REFERENCES repository(id) ON DELETE SET NULL
  constraint scrape_job_user_id_foreign FOREIGN KEY (user_id) REFERENCES github_user(id) ON DELETE SET NULL
  constraint scrape_job_job_type_check CHECK ((job_type = ANY (ARRAY['FULL'::text, 'REFRESH'::text, 'IMPORT'::text, 'ENRICH'::text, 'ENRICH_BATCH'::text, 'RESCORE'::text])))
  constraint scrape_job_status_check CHECK ((status = ANY (ARRAY['QUEUED'::text, 'RUNNING'::text, 'RETRYING'::text, 'COMPLETED'::text, 'FAILED'::text, 'CANCELLED'::text])))
  constraint scrape_job_window_check CHECK ((window_since <= window_until))
  CREATE UNIQUE INDEX scrape_job_one_per_repository ON scrape_job USING btree (repository_id) WHERE ((status = ANY (ARRAY['QUEUED'::text, 'RUNNING'::text, 'RETRYING'::text])) AND (repository_id IS NOT NULL))
  CREATE UNIQUE INDEX scrape_job_one_per_type ON scrape_job USING btree (job_type) WHERE ((status = ANY (ARRAY['QUEUED'::text, 'RUNNING'::text, 'RETRYING'::text])) AND (job_type = ANY (ARRAY['ENRICH_BATCH'::text, 'RESCORE'::text])))
  CREATE UNIQUE INDEX scrape_job_one_per_user ON scrape_job USING btree (job_type, user_id) WHERE ((status = ANY (ARRAY['QUEUED'::text, 'RUNNING'::text, 'RETRYING'::text])) AND (job_type = 'ENRICH'::text))
  CREATE INDEX scrape_job_repository_id_index ON scrape_job USING btree (repository_id, id)
  CREATE INDEX scrape_job_unfinished_index ON scrape_job USING btree (created_at) WHERE (status = ANY (ARRAY['QUEUED'::text, 'RUNNING'::text, 'RETRYING'::text]))
  CREATE INDEX scrape_job_user_id_index ON scrape_job USING btree (user_id)

unlogged table scrape_slice
  job_id uuid not null
  source smallint not null
  slice text not null
  cursor jsonb
  done boolean not null default false
  pages integer not null default 0
  coverage jsonb
  updated_at timestamp with time zone not null default now()
  read bigint not null default 0
  constraint scrape_slice_pkey PRIMARY KEY (job_id, source, slice)
  constraint scrape_slice_job_id_foreign FOREIGN KEY (job_id) REFERENCES scrape_job(id) ON DELETE CASCADE

table session
  id_sha256 bytea not null
  api_key_id uuid not null
  created_at timestamp with time zone not null default now()
  expires_at timestamp with time zone not null
  constraint session_pkey PRIMARY KEY (id_sha256)
  constraint session_api_key_id_foreign FOREIGN KEY (api_key_id) REFERENCES api_key(id) ON DELETE CASCADE
  CREATE INDEX session_api_key_id_index ON session USING btree (api_key_id)
  CREATE INDEX session_expires_at_index ON session USING btree (expires_at)

table setting
  name text not null
  value jsonb not null
  constraint setting_pkey PRIMARY KEY (name)

table staged_change
  ordinal bigint not null
  kind smallint not null
  source smallint not null
  lines_added integer
  lines_deleted integer
  subject text collate "C" not null

table staged_contribution
  ordinal bigint not null
  kind smallint not null
  source smallint not null
  is_estimate boolean not null
  number integer
  occurred_at timestamp with time zone not null
  quantity integer
  lines_added integer
  lines_deleted integer
  subject text collate "C" not null
  github_id bigint
  login text collate "C"
  account_type text
  source_event text

table staged_pull_request
  ordinal bigint not null
  source smallint not null
  number integer not null
  created_at timestamp with time zone
  merged_at timestamp with time zone
  base_ref text
  github_id bigint
  login text collate "C"
  account_type text

sequence staging.batch_seq

table sync_cursor
  repository_id bigint not null
  source smallint not null
  stream text not null
  watermark jsonb
  etag text
  constraint sync_cursor_pkey PRIMARY KEY (repository_id, source, stream)
  constraint sync_cursor_repository_id_foreign FOREIGN KEY (repository_id) REFERENCES repository(id) ON DELETE CASCADE

table user_alias
  login_lc text collate "C" not null
  user_id bigint not null
  first_seen timestamp with time zone not null
  last_seen timestamp with time zone not null
  constraint user_alias_pkey PRIMARY KEY (login_lc, user_id)
  constraint user_alias_user_id_foreign FOREIGN KEY (user_id) REFERENCES github_user(id) ON DELETE CASCADE
  CREATE INDEX user_alias_user_id_index ON user_alias USING btree (user_id)
