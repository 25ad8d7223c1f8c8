import { Migration } from '@mikro-orm/migrations';

/** What re-scoring needs to break ties without sorting logins. */
export class Migration20261124040000_scoring extends Migration {
  override name = 'Migration20261124040000_scoring';

  override up(): void {
    this.addSql(`alter table repository_leaderboard add column login_order int`);
    // No board is known to be current: the next rebuild ranks all of them, and fills the column.
    this.addSql(`update board set fingerprint = ''`);
  }

  override down(): void {
    this.addSql(`alter table repository_leaderboard drop column login_order`);
  }
}
