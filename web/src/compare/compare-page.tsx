import type { JSX } from 'react';
import { Link } from 'wouter';
import { WINDOW_PRESETS } from '../../../src/domain/window.ts';
import { useAnswer } from '../api/queries.ts';
import { WINDOW_NAMES } from '../boards/window-names.ts';
import { SkeletonLines } from '../elements/loading.tsx';
import { EmptyNotice, ErrorNotice } from '../elements/notice.tsx';
import { Page } from '../elements/page.tsx';
import { useSearchState } from '../search-state.ts';
import { FEWEST_COMPARED, MOST_COMPARED, type Compared } from './compared.ts';
import { Comparison } from './comparison.tsx';
import { ComparePicker } from './compare-picker.tsx';

const TABS = [
  ['repositories', 'Repositories'],
  ['contributors', 'People'],
] as const satisfies readonly (readonly [Compared, string])[];

/** Repositories, or people, side by side. */
export function ComparePage(): JSX.Element {
  const [params, change] = useSearchState();
  const what: Compared = params.has('contributors') || params.get('of') === 'contributors' ? 'contributors' : 'repositories';
  const chosen = [
    ...new Set(
      params
        .get(what)
        ?.split(',')
        .filter((name) => name !== ''),
    ),
  ].slice(0, MOST_COMPARED);
  const window = WINDOW_PRESETS.find((known) => known === params.get('window'));
  const isEnough = chosen.length >= FEWEST_COMPARED;
  const { data, error, isPlaceholderData, refetch } = useAnswer(
    'compareBoards',
    { query: { [what]: chosen.join(','), window } },
    { enabled: isEnough },
  );
  const choose = (names: readonly string[]): void => change({ of: names.length === 0 ? what : null, [what]: names.join(',') });
  return (
    <Page title="Compare" intro="Two to five repositories or people side by side. The address of this page is the comparison: share it.">
      <nav aria-label="What is compared" className="flex gap-2">
        {TABS.map(([tab, label]) => (
          <Link
            key={tab}
            href={`/compare?of=${tab}`}
            aria-current={tab === what ? 'page' : undefined}
            className={`rounded-md border px-3 py-1 text-sm no-underline ${tab === what ? 'border-edge bg-sunken text-ink font-semibold' : 'border-line text-muted'}`}
          >
            {label}
          </Link>
        ))}
      </nav>
      <div className="flex flex-wrap items-end gap-4">
        <ComparePicker key={what} what={what} chosen={chosen} onChoose={choose} />
        <label className="grid gap-0.5 text-sm">
          <span className="text-muted text-xs">Window</span>
          <select value={window ?? '2y'} onChange={({ target: { value } }) => change({ window: value === '2y' ? null : value })}>
            {WINDOW_PRESETS.map((preset) => (
              <option key={preset} value={preset}>
                {WINDOW_NAMES[preset]}
              </option>
            ))}
          </select>
        </label>
      </div>
      {!isEnough ? (
        <EmptyNotice
          title={`Name ${FEWEST_COMPARED - chosen.length === 1 ? 'one more' : 'at least two'} ${what === 'repositories' ? 'to compare' : 'people to compare'}`}
        >
          <p>Up to {MOST_COMPARED} fit beside each other.</p>
        </EmptyNotice>
      ) : (
        <>
          {error === null ? null : <ErrorNotice error={error} onRetry={() => void refetch()} />}
          {data === undefined ? (
            error === null ? (
              <SkeletonLines />
            ) : null
          ) : (
            <div aria-busy={isPlaceholderData} className="grid gap-6">
              <Comparison comparison={data} />
            </div>
          )}
        </>
      )}
    </Page>
  );
}
