import { Migration } from '@mikro-orm/migrations';

/** What re-scoring needs to break ties without sorting logins, and what a person's receipt finds their days by. */
export class Migration20261124030000_scoring extends Migration {
  override name = 'Migration20261124030000_scoring';

  override up(): void {
    this.addSql(`alter table repository_leaderboard add column login_order int`);
    // No board is known to be current: the next rebuild ranks all of them, and fills the column.
    this.addSql(`update board set fingerprint = ''`);
    this.addSql(`create index contribution_day_person_id_index on contribution_day (person_id, repository_id)`);
  }

  override down(): void {
    this.addSql(`drop index contribution_day_person_id_index`);
    this.addSql(`alter table repository_leaderboard drop column login_order`);
  }
}
