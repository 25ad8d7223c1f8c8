import { Migration } from '@mikro-orm/migrations';

/** The template of a job's third staging table: what a refresh says of rows that are stored. */
export class Migration20261123230000_staged_change extends Migration {
  override name = 'Migration20261123230000_staged_change';

  override up(): void {
    // Lines null: the row is gone; else: its lines are these.
    this.addSql(`create table staged_change (
      ordinal bigint not null,
      kind smallint not null,
      source smallint not null,
      lines_added int,
      lines_deleted int,
      subject text collate "C" not null
    )`);
  }

  override down(): void {
    this.addSql(`drop table staged_change`);
  }
}
