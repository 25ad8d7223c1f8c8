import type { z } from 'zod';
import type { MovedResource, previewScoring } from '../api/contract/scoring.ts';
import { figure, tableOf, type Column } from './table.ts';
import { printable } from './terminal.ts';

type Preview = z.output<(typeof previewScoring)['answers'][200]['body']>;

/** People in a list; the JSON has fifty. */
const SHOWN = 15;
const COLUMNS: readonly Column[] = [
  { heading: 'now', align: 'right' },
  { heading: 'then', align: 'right' },
  { heading: '±', align: 'right' },
  { heading: 'contributor' },
  { heading: 'score now', align: 'right' },
  { heading: 'score then', align: 'right' },
];

/** What other weights would do, as text. */
export function previewText(preview: Preview): string {
  const { order, people, repository, biggest_movers: movers } = preview;
  const share = order.unchanged_share === null ? '' : ` (${figure(order.unchanged_share * 100, 1)} %)`;
  const correlation = order.rank_correlation === null ? '' : `; rank correlation ${figure(order.rank_correlation, 4)} (1: the same order)`;
  return [
    printable(`${repository ?? 'All repositories'}: ${figure(people)} people, compared with scoring ${preview.scoring_version}`),
    `${figure(order.unchanged_ranks)} keep their rank${share}${correlation}`,
    ...(preview.top_after.length === 0 ? [] : ['', 'First then', tableOf(COLUMNS, preview.top_after.slice(0, SHOWN).map(rowOf))]),
    ...(movers.length === 0 ? [] : ['', 'Moving most', tableOf(COLUMNS, movers.slice(0, SHOWN).map(rowOf))]),
  ].join('\n');
}

function rowOf({ before, after, rank_change: change, username }: MovedResource): readonly string[] {
  return [
    before === null ? '' : String(before.rank),
    after === null ? '' : String(after.rank),
    change === null ? '' : change > 0 ? `+${change}` : change === 0 ? '=' : String(change),
    username,
    before === null ? '' : figure(before.score, 4),
    after === null ? '' : figure(after.score, 4),
  ];
}
