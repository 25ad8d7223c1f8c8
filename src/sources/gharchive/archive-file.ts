import { basename } from 'node:path';
import { isDay } from '../../domain/window.ts';

/** What an archive file is worth: `degraded` files are counted and flagged, `damaged` and `empty` ones are refused. */
export type ArchiveFileState = 'ok' | 'degraded' | 'damaged' | 'empty';

const ARCHIVE_NAME = /\.(?:json|ndjson|jsonl)(?:\.gz)?$/i;
const HOUR_NAME = /^(\d{4}-\d{2}-\d{2})-(\d{1,2})\.(?:json|ndjson|jsonl)(?:\.gz)?$/i;

/** Whether a file of this name can hold archive events. Hidden files never do. */
export function isArchiveName(name: string): boolean {
  return !name.startsWith('.') && ARCHIVE_NAME.test(name);
}

/** The hour a file is for by its name (`2015-01-01-1.json.gz` → `2015-01-01T01:00:00Z`), or null when it is no hour file. */
export function hourOf(path: string): string | null {
  const found = HOUR_NAME.exec(basename(path));
  const [, day = '', hour = ''] = found ?? [];
  if (found === null || !isDay(day) || Number(hour) > 23) return null;
  return `${day}T${hour.padStart(2, '0')}:00:00Z`;
}

/** A file that can't be used, with the reason a person reads. Nothing else of the import is lost. */
export class FileRefused extends Error {
  readonly state: Extract<ArchiveFileState, 'damaged' | 'empty'>;

  constructor(state: Extract<ArchiveFileState, 'damaged' | 'empty'>, reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.name = 'FileRefused';
    this.state = state;
  }
}

/** An hour this size with fewer pull requests than this was captured badly (reference/sources.md, section 2). */
const DEGRADED_FROM_EVENTS = 1000;
const DEGRADED_BELOW_SHARE = 0.03;

/** What a readable file is worth, by its events. */
export function stateOf(events: number, pullRequestEvents: number): { readonly state: 'ok' | 'degraded'; readonly reason: string | null } {
  const share = events === 0 ? 0 : pullRequestEvents / events;
  if (events < DEGRADED_FROM_EVENTS || share >= DEGRADED_BELOW_SHARE) return { state: 'ok', reason: null };
  return {
    state: 'degraded',
    reason: `only ${(share * 100).toFixed(1)} % of its ${events} events are pull requests: GitHub's feed was captured badly in this hour`,
  };
}
