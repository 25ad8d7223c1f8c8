import type { JSX } from 'react';
import type { IdentityChangeResource } from '../../../src/api/contract/people.ts';
import { UntrustedText } from '../elements/untrusted-text.tsx';
import { moment } from '../figures.ts';

const WORDS: Readonly<Record<IdentityChangeResource['action'], string>> = { merge: 'Merged', split: 'Split', kind: 'Kind changed' };

/** What was decided about somebody: when, by whom, why. */
export function IdentityHistory({ changes }: { readonly changes: readonly IdentityChangeResource[] }): JSX.Element | null {
  if (changes.length === 0) return null;
  return (
    <section aria-label="History" className="border-line grid gap-2 border-t pt-3">
      <h3>History</h3>
      <ol className="grid gap-1 text-sm">
        {changes.map((change) => (
          <li key={change.id}>
            {moment(change.at)}, {change.by}: {WORDS[change.action]}
            {'kind' in change.before && 'kind' in change.after ? ` from ${change.before.kind} to ${change.after.kind}` : ''}
            {change.reason === null ? null : (
              <>
                {' '}
                (<UntrustedText>{change.reason}</UntrustedText>)
              </>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}
