import { memo, type JSX } from 'react';
import { SCORED_KINDS } from '../../../src/domain/scoring.ts';
import { DEFAULT_WINDOW, WINDOW_PRESETS } from '../../../src/domain/window.ts';
import { useAnswer } from '../api/queries.ts';
import { BUTTON, Button } from '../elements/button.tsx';
import { SearchField } from '../elements/search-field.tsx';
import type { HowToChange, SearchChanges } from '../search-state.ts';
import { useIsWide } from '../layout/is-wide.ts';
import { isNarrowed, type BoardView } from './board-view.ts';
import { COUNT_COLUMNS, labelOf, SHOWABLE, USUAL_COLUMNS } from './columns.ts';
import { WINDOW_NAMES } from './window-names.ts';

interface FiltersProps {
  readonly view: BoardView;
  readonly onChange: (changes: SearchChanges, how?: HowToChange) => void;
  /** Whether there is a choice of repositories. */
  readonly hasRepositories: boolean;
  readonly csvUrl: string;
  readonly jsonUrl: string;
}

/** What is shown of a board. Every change begins at the first page again. It stays as it is while answers come. */
export const BoardFilters = memo(function BoardFilters({ view, onChange, hasRepositories, csvUrl, jsonUrl }: FiltersProps): JSX.Element {
  const change = (changes: SearchChanges, how?: HowToChange): void => onChange({ cursor: null, around: null, ...changes }, how);
  const isWide = useIsWide();
  const filters = (
    <form className="flex flex-wrap items-end gap-x-4 gap-y-3" onSubmit={(event) => event.preventDefault()} aria-label="What is shown">
      <WindowFilter view={view} change={change} />
      <CheckMenu
        label="Contributions"
        summary={view.kinds.length === 0 ? 'All kinds' : view.kinds.map(labelOf).join(', ')}
        all={SCORED_KINDS.map((kind) => [kind, labelOf(kind)] as const)}
        chosen={view.kinds}
        onChoose={(kinds) => change({ kinds: kinds.length === SCORED_KINDS.length ? null : kinds.join(',') })}
      />
      {hasRepositories ? <RepositoryFilter view={view} change={change} /> : null}
      <fieldset className="flex items-center gap-3">
        <legend className="text-muted block text-xs">Also show</legend>
        {(['bots', 'agents'] as const).map((kind) => (
          <label key={kind} className="flex min-h-8 items-center gap-1.5 text-sm">
            <input
              type="checkbox"
              checked={view.include.includes(kind)}
              onChange={(event) => {
                const include = event.target.checked ? [...view.include, kind] : view.include.filter((other) => other !== kind);
                change({ include: include.join(',') });
              }}
            />
            {kind === 'bots' ? 'Bots' : 'AI agents'}
          </label>
        ))}
      </fieldset>
      <SearchField label="Find a person" name="q" value={view.q} onType={(q) => change({ q }, 'replace')} />
      <JumpTo key={view.around} around={view.around} onJump={(around) => onChange({ cursor: null, around, q: null })} />
      <div className="ms-auto flex flex-wrap items-end gap-2">
        <CheckMenu
          label="Columns"
          summary={`${view.columns.length} of ${SHOWABLE.length}`}
          all={SHOWABLE.map((field) => [field, COUNT_COLUMNS.find((column) => column.field === field)?.label ?? '12 weeks'] as const)}
          chosen={view.columns}
          onChoose={(columns) =>
            onChange({ columns: columns.length === 0 || columns.join() === USUAL_COLUMNS.join() ? null : columns.join(',') })
          }
        />
        <a className={`${BUTTON} border-edge bg-card text-ink hover:bg-sunken`} href={csvUrl} download>
          CSV
          <span className="sr-only"> of this view, all pages</span>
        </a>
        <a className={`${BUTTON} border-edge bg-card text-ink hover:bg-sunken`} href={jsonUrl} download>
          JSON
          <span className="sr-only"> of this view, all pages</span>
        </a>
      </div>
    </form>
  );
  if (isWide) return filters;
  return (
    <details className="border-line rounded-lg border px-3 py-1.5">
      <summary className="font-medium">
        Filters, columns, export
        <span className="text-muted font-normal">
          {' '}
          ({view.window === null ? 'own days' : WINDOW_NAMES[view.window]}
          {isNarrowed({ ...view, window: DEFAULT_WINDOW }) ? ', narrowed' : ''})
        </span>
      </summary>
      <div className="mt-2 mb-1">{filters}</div>
    </details>
  );
});

function WindowFilter({ view, change }: { readonly view: BoardView; readonly change: (changes: SearchChanges) => void }): JSX.Element {
  const isOwn = view.window === null;
  return (
    <>
      <label className="grid gap-0.5 text-sm">
        <span className="text-muted text-xs">Window</span>
        <select
          value={view.window ?? 'own'}
          onChange={({ target: { value } }) => {
            if (value === 'own')
              change({
                window: null,
                since: new Date(Date.now() - 90 * 86_400_000).toISOString().slice(0, 10),
                until: new Date().toISOString().slice(0, 10),
              });
            else change({ window: value === DEFAULT_WINDOW ? null : value, since: null, until: null });
          }}
        >
          {WINDOW_PRESETS.map((preset) => (
            <option key={preset} value={preset}>
              {WINDOW_NAMES[preset]}
            </option>
          ))}
          <option value="own">From … to …</option>
        </select>
      </label>
      {isOwn
        ? (['since', 'until'] as const).map((side) => (
            <label key={side} className="grid gap-0.5 text-sm">
              <span className="text-muted text-xs">{side === 'since' ? 'From' : 'To'}</span>
              <input type="date" value={view[side] ?? ''} onChange={(event) => change({ [side]: event.target.value })} />
            </label>
          ))
        : null}
    </>
  );
}

function RepositoryFilter({
  view,
  change,
}: {
  readonly view: BoardView;
  readonly change: (changes: SearchChanges) => void;
}): JSX.Element | null {
  const { data } = useAnswer('listRepositories', { query: { limit: '100', status: 'COMPLETED' } });
  const names = data?.data.map(({ full_name: name }) => name) ?? [];
  if (names.length < 2) return null;
  return (
    <CheckMenu
      label="Repositories"
      summary={view.repositories.length === 0 ? 'All' : view.repositories.join(', ')}
      all={names.map((name) => [name, name] as const)}
      chosen={view.repositories}
      onChoose={(chosen) => change({ repositories: chosen.length === names.length ? null : chosen.join(',') })}
    />
  );
}

interface CheckMenuProps<W extends string> {
  readonly label: string;
  readonly summary: string;
  readonly all: readonly (readonly [W, string])[];
  readonly chosen: readonly W[];
  readonly onChoose: (chosen: readonly W[]) => void;
}

/** Several of a list: a native popover of checkboxes. None chosen means all. */
function CheckMenu<W extends string>({ label, summary, all, chosen, onChoose }: CheckMenuProps<W>): JSX.Element {
  const id = `menu-${label.toLowerCase()}`;
  return (
    <div className="grid gap-0.5 text-sm">
      <span className="text-muted text-xs" id={`${id}-label`}>
        {label}
      </span>
      <button
        type="button"
        popoverTarget={id}
        aria-labelledby={`${id}-label ${id}-summary`}
        className="border-edge bg-card min-h-8.5 max-w-52 cursor-pointer truncate rounded-md border px-2 py-1 text-start [anchor-name:--menu]"
        style={{ anchorName: `--${id}` }}
      >
        <span id={`${id}-summary`}>{summary}</span> <span aria-hidden="true">▾</span>
      </button>
      <div
        popover="auto"
        id={id}
        role="group"
        aria-labelledby={`${id}-label`}
        className="border-line bg-card text-ink m-0 max-h-80 overflow-y-auto rounded-lg border p-3 shadow-lg"
        style={{
          positionAnchor: `--${id}`,
          top: 'anchor(bottom)',
          left: 'anchor(left)',
          positionTryFallbacks: 'flip-inline, flip-block',
        }}
      >
        {all.map(([word, name]) => (
          <label key={word} className="flex min-h-7 items-center gap-2">
            <input
              type="checkbox"
              checked={chosen.includes(word)}
              onChange={(event) =>
                onChoose(all.map(([other]) => other).filter((other) => (other === word ? event.target.checked : chosen.includes(other))))
              }
            />
            {name}
          </label>
        ))}
        {chosen.length === 0 ? null : (
          <Button look="quiet" className="mt-1" onClick={() => onChoose([])}>
            Reset
          </Button>
        )}
      </div>
    </div>
  );
}

/** Shows the page of the board on which somebody is. */
function JumpTo({ around, onJump }: { readonly around: string | null; readonly onJump: (login: string) => void }): JSX.Element {
  return (
    <label className="grid gap-0.5 text-sm">
      <span className="text-muted text-xs">Jump to @login</span>
      <input
        type="text"
        name="around"
        maxLength={100}
        defaultValue={around ?? ''}
        enterKeyHint="go"
        spellCheck={false}
        autoCapitalize="off"
        className="w-36"
        onKeyDown={(event) => {
          const login = event.currentTarget.value.trim().replace(/^@/, '');
          if (event.key === 'Enter' && login !== '') onJump(login);
        }}
      />
    </label>
  );
}
