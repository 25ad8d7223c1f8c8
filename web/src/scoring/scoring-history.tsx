import type { JSX } from 'react';
import type { ScoringChangeResource } from '../../../src/api/contract/scoring.ts';
import { SCORED_NAMES } from '../../../src/domain/scoring.ts';
import { useAction, useAnswer } from '../api/queries.ts';
import { labelOf } from '../boards/columns.ts';
import { Button } from '../elements/button.tsx';
import { SkeletonLines } from '../elements/loading.tsx';
import { ErrorNotice } from '../elements/notice.tsx';
import { Tag } from '../elements/tag.tsx';
import { UntrustedText } from '../elements/untrusted-text.tsx';
import { moment } from '../figures.ts';

/** All versions, newest first: who, when, why, what changed, and a way back. */
export function ScoringHistory({ onRestored }: { readonly onRestored: () => void }): JSX.Element {
  const { data, error, refetch } = useAnswer('listScorings', { query: { limit: '50' } });
  const restore = useAction('restoreScoring', ['listScorings', 'getScoring', 'getGlobalBoard', 'getRepositoryBoard', 'listJobs']);
  return (
    <section aria-labelledby="history" className="grid gap-2">
      <h2 id="history">History</h2>
      {error === null ? null : <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {restore.error === null ? null : <ErrorNotice error={restore.error} />}
      {data === undefined ? (
        error === null ? (
          <SkeletonLines lines={2} />
        ) : null
      ) : (
        <ol className="card divide-line divide-y">
          {data.data.map((version, index) => (
            <li key={version.version} className="flex flex-wrap items-baseline gap-x-4 gap-y-1 py-2">
              <span className="font-medium">Version {version.version}</span>
              {version.in_force ? <Tag tone="good">boards use it</Tag> : null}
              <span className="text-muted text-sm">
                {moment(version.created_at)}, {version.created_by ?? 'came with Laurels'}
              </span>
              {version.note === null ? null : <UntrustedText>{version.note}</UntrustedText>}
              <span className="text-sm">{version.changes.map(changeOf).join('; ')}</span>
              {index === 0 ? null : (
                <Button
                  className="ms-auto"
                  isBusy={restore.isPending}
                  onClick={() => restore.mutate({ params: { version: String(version.version) } }, { onSuccess: onRestored })}
                >
                  Restore<span className="sr-only"> version {version.version}</span>
                </Button>
              )}
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

function changeOf({ pointer, before, after }: ScoringChangeResource): string {
  const last = pointer.split('/').at(-1) ?? pointer;
  const scored = SCORED_NAMES.find((name) => name === last);
  const name = scored === undefined ? last.replaceAll('_', ' ') : labelOf(scored);
  const where = pointer.startsWith('/options/daily_caps/') ? `${name} a day` : name;
  return `${where}: ${wordOf(before)} → ${wordOf(after)}`;
}

function wordOf(value: number | boolean | null): string {
  if (value === null) return 'none';
  return typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value);
}
