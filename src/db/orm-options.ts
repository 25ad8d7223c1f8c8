import { defineConfig } from '@mikro-orm/postgresql';
import { Migrator } from '@mikro-orm/migrations';
import { ApiKey, AuditLog, IdempotencyKey, Session } from './entities/access.ts';
import { Avatar } from './entities/avatar.ts';
import { ArchiveFile } from './entities/archive-file.ts';
import { BigQueryExtract, BigQueryKept, BigQueryQuery } from './entities/bigquery.ts';
import { Board, GlobalLeaderboard, LeaderboardSnapshot, RepositoryLeaderboard } from './entities/board.ts';
import { ContributionDay, ContributionEvent, PullRequest } from './entities/contribution.ts';
import { CoveredRange, RepositoryCoverage } from './entities/coverage.ts';
import { IdentityChange, OptOut } from './entities/identity.ts';
import { JobLog, PlannedSlice, ScrapeJob, ScrapeSlice } from './entities/job.ts';
import { ContributorEnrichment, GithubUser, UserAlias } from './entities/person.ts';
import { Repository, RepositoryAlias, SyncCursor } from './entities/repository.ts';
import { ScoringVersion, ScoringWeight } from './entities/scoring.ts';
import { Setting } from './entities/setting.ts';
import { Migration20261123210000_foundation } from './migrations/Migration20261123210000_foundation.ts';
import { Migration20261123230000_staged_change } from './migrations/Migration20261123230000_staged_change.ts';
import { Migration20261124010000_reading_progress } from './migrations/Migration20261124010000_reading_progress.ts';
import { Migration20261124010000_access } from './migrations/Migration20261124010000_access.ts';
import { Migration20261124030000_contributor_pages } from './migrations/Migration20261124030000_contributor_pages.ts';
import { Migration20261124020000_people } from './migrations/Migration20261124020000_people.ts';
import { Migration20261124040000_scoring } from './migrations/Migration20261124040000_scoring.ts';
import { Migration20261124010000_bigquery } from './migrations/Migration20261124010000_bigquery.ts';

/** Every migration, oldest first. */
export const MIGRATIONS = [
  Migration20261123210000_foundation,
  Migration20261123230000_staged_change,
  Migration20261124010000_reading_progress,
  Migration20261124010000_access,
  Migration20261124030000_contributor_pages,
  Migration20261124020000_people,
  Migration20261124040000_scoring,
  Migration20261124010000_bigquery,
];

/** MikroORM's options for a database: entities and migrations are listed by name, so that no start reads directories. */
export function ormOptions(url: string) {
  return defineConfig({
    clientUrl: url,
    entities: [
      Repository,
      RepositoryAlias,
      SyncCursor,
      GithubUser,
      UserAlias,
      Avatar,
      ContributorEnrichment,
      OptOut,
      IdentityChange,
      PullRequest,
      ContributionEvent,
      ContributionDay,
      CoveredRange,
      RepositoryCoverage,
      Board,
      RepositoryLeaderboard,
      GlobalLeaderboard,
      LeaderboardSnapshot,
      ScoringVersion,
      ScoringWeight,
      ScrapeJob,
      PlannedSlice,
      ScrapeSlice,
      JobLog,
      ArchiveFile,
      BigQueryQuery,
      BigQueryExtract,
      BigQueryKept,
      Setting,
      ApiKey,
      Session,
      IdempotencyKey,
      AuditLog,
    ],
    extensions: [Migrator],
    forceUtcTimezone: true,
    migrations: {
      path: 'src/db/migrations',
      migrationsList: [...MIGRATIONS],
      tableName: 'schema_migration',
      silent: true,
      snapshot: false,
    },
    schemaGenerator: {
      ignoreSchema: ['staging'],
      // Rows of these go by COPY only, into tables made like them; no entity stands for them.
      skipTables: ['staged_contribution', 'staged_pull_request', 'staged_change', 'schema_migration'],
    },
    pool: { min: 0, max: 4 },
  });
}
