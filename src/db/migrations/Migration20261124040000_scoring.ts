import { Migration } from '@mikro-orm/migrations';

/** What re-scoring needs to be fast: ties are broken without sorting logins, and a key that is quick to build. */
export class Migration20261124040000_scoring extends Migration {
  override name = 'Migration20261124040000_scoring';

  override up(): void {
    this.addSql(`alter table repository_leaderboard add column login_order int`);
    // By person first: a person's boards are found by it, and a key that begins with the same number in every row is slow to build.
    this.addSql(`alter table repository_leaderboard drop constraint repository_leaderboard_pkey`);
    this.addSql(`alter table repository_leaderboard add primary key (person_id, repository_id, version, scoring_version)`);
    this.addSql(`alter table global_leaderboard drop constraint global_leaderboard_pkey`);
    this.addSql(`alter table global_leaderboard add primary key (person_id, version)`);
    // No board is known to be current: the next rebuild ranks all of them, and fills the column.
    this.addSql(`update board set fingerprint = ''`);
  }

  override down(): void {
    this.addSql(`alter table global_leaderboard drop constraint global_leaderboard_pkey`);
    this.addSql(`alter table global_leaderboard add primary key (version, person_id)`);
    this.addSql(`alter table repository_leaderboard drop constraint repository_leaderboard_pkey`);
    this.addSql(`alter table repository_leaderboard add primary key (scoring_version, repository_id, version, person_id)`);
    this.addSql(`alter table repository_leaderboard drop column login_order`);
  }
}
