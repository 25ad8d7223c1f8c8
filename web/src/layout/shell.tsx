import { useCallback, useRef, useState, type JSX, type ReactNode } from 'react';
import { flushSync } from 'react-dom';
import { Link, useLocation } from 'wouter';
import { CallerMenu } from '../access/caller-menu.tsx';
import { Dialog } from '../elements/dialog.tsx';
import { useIsWide } from './is-wide.ts';
import { SampleBanner } from './sample-banner.tsx';
import { SearchBox } from './search-box.tsx';
import { SHORTCUTS, useShortcuts } from './shortcuts.ts';
import { THEMES, useTheme, type Theme } from './theme.ts';

const PLACES = [
  ['/', 'Leaderboard'],
  ['/repositories', 'Repositories'],
  ['/compare', 'Compare'],
  ['/jobs', 'Jobs'],
  ['/people', 'People'],
  ['/scoring', 'Scoring'],
  ['/recent-errors', 'Errors'],
  ['/about', 'About'],
] as const;

/** What every page has around it. */
export function Shell({ children }: { readonly children: ReactNode }): JSX.Element {
  const [path] = useLocation();
  const [isHelpOpen, setHelpOpen] = useState(false);
  const search = useRef<HTMLInputElement>(null);
  /** Where the menu of a narrow window was opened: it is closed by going elsewhere. */
  const [openedAt, setOpenedAt] = useState<string | null>(null);
  const isMenuOpen = openedAt === path;
  const isWide = useIsWide();
  useShortcuts({
    onHelp: useCallback(() => setHelpOpen(true), []),
    onSearch: useCallback(() => {
      flushSync(() => setOpenedAt(path));
      search.current?.focus();
    }, [path]),
  });
  const places = (
    <nav aria-label="Main" className="flex flex-wrap gap-x-1">
      {PLACES.map(([place, label]) => {
        const isHere = place === '/' ? path === '/' : path === place || path.startsWith(`${place}/`);
        return (
          <Link
            key={place}
            href={place}
            aria-current={isHere ? 'page' : undefined}
            className={`rounded-md px-2 py-1 text-sm no-underline ${isHere ? 'bg-sunken text-ink font-semibold' : 'text-muted hover:text-ink'}`}
          >
            {label}
          </Link>
        );
      })}
    </nav>
  );
  const tools = (
    <div className="ms-auto flex flex-wrap items-center gap-2 max-sm:w-full">
      <SearchBox input={search} />
      <ThemeSelect />
      <CallerMenu />
    </div>
  );
  return (
    <>
      <a href="#content" className="bg-card border-edge sr-only z-10 rounded border px-3 py-2 focus:not-sr-only focus:absolute focus:m-2">
        Skip to the content
      </a>
      <header className="border-line bg-card border-b">
        <div className="mx-auto flex max-w-[90rem] flex-wrap items-center gap-x-5 gap-y-2 px-4 py-2">
          <Link href="/" className="text-ink flex items-center gap-2 text-lg font-semibold no-underline">
            <img src="/dashboard/laurel.svg" alt="" width={28} height={28} />
            Laurels
          </Link>
          {isWide ? places : null}
          {isWide ? (
            tools
          ) : (
            <>
              <button
                type="button"
                aria-expanded={isMenuOpen}
                aria-controls="menu"
                className="border-ink ms-auto cursor-pointer rounded-md border px-2.5 py-1 text-sm font-medium"
                onClick={() => setOpenedAt(isMenuOpen ? null : path)}
              >
                <span aria-hidden="true">{isMenuOpen ? '▾' : '▸'}</span> Menu
              </button>
              {isMenuOpen ? (
                <div id="menu" className="grid w-full gap-2">
                  {places}
                  {tools}
                </div>
              ) : null}
            </>
          )}
        </div>
      </header>
      <SampleBanner />
      <main id="content" tabIndex={-1} className="mx-auto max-w-[90rem] px-4 py-5 outline-none">
        {children}
      </main>
      <footer className="text-muted mx-auto flex max-w-[90rem] flex-wrap gap-x-4 gap-y-1 px-4 pb-8 text-sm">
        <span>Every number here can be checked.</span>
        <Link href="/about">How scores are made</Link>
        <a href="/docs">API</a>
        <button type="button" className="cursor-pointer underline" onClick={() => setHelpOpen(true)}>
          Keyboard
        </button>
      </footer>
      {isHelpOpen ? (
        <Dialog title="Keyboard" onClose={() => setHelpOpen(false)}>
          <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1.5">
            {SHORTCUTS.map(([keys, what]) => (
              <div key={keys} className="contents">
                <dt>
                  <kbd className="bg-sunken rounded px-1.5 py-0.5 font-mono text-sm">{keys}</kbd>
                </dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
        </Dialog>
      ) : null}
    </>
  );
}

function ThemeSelect(): JSX.Element {
  const [theme, choose] = useTheme();
  return (
    <select aria-label="Theme" value={theme} onChange={(event) => choose(event.target.value as Theme)} className="text-sm">
      {THEMES.map((name) => (
        <option key={name} value={name}>
          {name[0]?.toUpperCase() + name.slice(1)}
        </option>
      ))}
    </select>
  );
}
