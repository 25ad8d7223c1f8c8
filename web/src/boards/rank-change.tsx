import type { JSX } from 'react';
import type { BoardRowResource } from '../../../src/api/contract/leaderboards.ts';

/** How the rank moved in seven days: a sign with its number or word, and a sentence for those who hear it. */
export function RankChange({ change }: { readonly change: BoardRowResource['rank_change'] }): JSX.Element | null {
  if (change === null) return null;
  if (change === 'new') return <span className="text-good text-xs font-medium">New</span>;
  if (change === 'returned') return <span className="text-good text-xs font-medium">Returned</span>;
  if (change === 0) {
    return (
      <span className="text-muted text-xs" role="img" aria-label="rank as before">
        –
      </span>
    );
  }
  const places = Math.abs(change);
  return (
    <span
      className={`text-xs font-medium ${change > 0 ? 'text-good' : 'text-bad'}`}
      role="img"
      aria-label={`${change > 0 ? 'up' : 'down'} ${places}`}
    >
      {change > 0 ? '▲' : '▼'}
      {places}
    </span>
  );
}
