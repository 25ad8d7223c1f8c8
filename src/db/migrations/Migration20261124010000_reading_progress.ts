import { Migration } from '@mikro-orm/migrations';

/** What each slice has read, and since when a job reads and waits: several slices are read at once, and a job says when it will be done. */
export class Migration20261124010000_reading_progress extends Migration {
  override name = 'Migration20261124010000_reading_progress';

  override up(): void {
    this.addSql(`alter table scrape_slice add read bigint not null default 0`);
    this.addSql(`alter table scrape_job
      add plan_estimate jsonb,
      add reading_since timestamptz,
      add reading_from bigint not null default 0,
      add waiting_since timestamptz,
      add waited_seconds int not null default 0`);
  }

  override down(): void {
    this.addSql(`alter table scrape_slice drop column read`);
    this.addSql(`alter table scrape_job drop column plan_estimate, drop column reading_since, drop column reading_from,
      drop column waiting_since, drop column waited_seconds`);
  }
}
