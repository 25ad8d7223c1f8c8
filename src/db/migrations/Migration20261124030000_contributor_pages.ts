import { Migration } from '@mikro-orm/migrations';

/** What pages about one person read, and the cache of avatars. */
export class Migration20261124030000_contributor_pages extends Migration {
  override name = 'Migration20261124030000_contributor_pages';

  override up(): void {
    this.addSql(`create index contribution_day_person_index on contribution_day (person_id, day)`);
    // Few, and every board leaves them out.
    this.addSql(`create index github_user_not_human_index on github_user (id) where kind <> 'human'`);
    // What went wrong is looked for among all that was said.
    this.addSql(`create index job_log_error_index on job_log (at desc, id desc) where level >= 50`);
    // Image null: GitHub has none, or nothing that may be shown.
    this.addSql(`create table avatar (
      github_id bigint primary key,
      media_type text null,
      image bytea null,
      fetched_at timestamptz not null default now()
    )`);
  }

  override down(): void {
    this.addSql(`drop table avatar`);
    this.addSql(`drop index job_log_error_index`);
    this.addSql(`drop index github_user_not_human_index`);
    this.addSql(`drop index contribution_day_person_index`);
  }
}
