import { defineEntity, p } from '@mikro-orm/core';
import { moment, oneOf } from './columns.ts';

/** An archive file as it was imported; a copy of the mirror's manifest, for display. */
export const ArchiveFile = defineEntity({
  name: 'ArchiveFile',
  tableName: 'archive_file',
  indexes: [{ name: 'archive_file_hour_index', properties: ['hour'] }],
  checks: [oneOf('archive_file', 'state', ['ok', 'degraded', 'damaged', 'empty'])],
  properties: {
    name: p.text().primary(),
    hour: moment().nullable(),
    sha256: p.blob(),
    rows: p.integer(),
    quarantined: p.integer(),
    prShare: p.float().columnType('real').nullable(),
    state: p.text(),
    reason: p.text().nullable(),
    importedAt: moment().defaultRaw('now()'),
  },
});
