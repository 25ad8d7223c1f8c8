import { memo, useEffect, useMemo, useRef, useState, useSyncExternalStore, type JSX } from 'react';
import type { LogLevel, LogLineResource } from '../../../src/api/contract/jobs.ts';
import { ask } from '../api/client.ts';
import { Button } from '../elements/button.tsx';
import { UntrustedText } from '../elements/untrusted-text.tsx';
import { clock, count, moment } from '../figures.ts';
import { BLOCK_LINES, LogFollower, type FeedState } from './log-feed.ts';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const satisfies readonly LogLevel[];
const LEVEL_LOOKS: Readonly<Partial<Record<LogLevel, string>>> = { warn: 'text-warn', error: 'text-bad', fatal: 'text-bad' };
const STATES: Readonly<Record<FeedState, string>> = {
  connecting: 'Connecting …',
  live: 'Live',
  lost: 'Connection lost. Connecting again; what is missed follows.',
  refused: 'The log stream does not answer. Reload the page to try again.',
};
/** Ids that only help to find a run in Temporal: the download has them, too. */
const INNER_IDS: ReadonlySet<string> = new Set(['run_id', 'workflow_id']);
/** Nearer to the end than this counts as the end. */
const NEAR_END_PX = 24;

/** The log of a job, or of everything, as it is written. Following stops when somebody scrolls up. */
export function LogView({
  job,
  level,
  onLevel,
}: {
  readonly job: string | null;
  readonly level: LogLevel;
  readonly onLevel: (level: LogLevel) => void;
}): JSX.Element {
  const follower = useMemo(() => new LogFollower({ job, level }), [job, level]);
  const { lines, state, dropped } = useSyncExternalStore(follower.subscribe, follower.snapshot);
  const [follows, setFollows] = useState(true);
  const [isSaving, setSaving] = useState(false);
  const save = (): void => {
    setSaving(true);
    // Where lines were dropped from the page, or came before it followed, the API has them.
    const all = job === null ? Promise.resolve(lines) : wholeLog(job, level);
    void all
      .catch(() => lines)
      .then((found) => download(found, job))
      .finally(() => setSaving(false));
  };
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (follows && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [lines, follows]);
  return (
    <section aria-label="Log" className="grid gap-2">
      <div className="flex flex-wrap items-center gap-3">
        <h2>Log</h2>
        <span role="status" className={`text-sm ${state === 'live' ? 'text-good' : 'text-warn'}`}>
          {STATES[state]}
        </span>
        <span className="ms-auto flex flex-wrap items-center gap-2 text-sm">
          <label className="flex items-center gap-1.5">
            Level
            <select value={level} onChange={(event) => onLevel(event.target.value as LogLevel)}>
              {LEVELS.map((name) => (
                <option key={name} value={name}>
                  {name} and above
                </option>
              ))}
            </select>
          </label>
          <Button onClick={() => setFollows(!follows)} aria-pressed={follows}>
            {follows ? 'Following' : 'Follow'}
          </Button>
          <Button isBusy={isSaving} onClick={() => save()} disabled={lines.length === 0}>
            Download
          </Button>
        </span>
      </div>
      <div
        ref={box}
        role="log"
        aria-label="Log lines"
        aria-live="off"
        tabIndex={0}
        className="border-line bg-card max-h-96 min-h-32 overflow-y-auto rounded-lg border p-2 font-mono text-[0.8125rem]"
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) =>
          setFollows(scrollHeight - scrollTop - clientHeight < NEAR_END_PX)
        }
      >
        {dropped > 0 ? <p className="text-muted">{count(dropped)} older lines are not shown.</p> : null}
        {lines.length === 0 ? (
          <p className="text-muted">
            {state !== 'live' ? null : job === null ? 'Lines appear here as jobs write them.' : 'No line of this level yet.'}
          </p>
        ) : null}
        <ol>
          {Array.from({ length: Math.ceil(lines.length / BLOCK_LINES) }, (_, block) => (
            <Block key={lines[block * BLOCK_LINES]?.id} lines={lines.slice(block * BLOCK_LINES, (block + 1) * BLOCK_LINES)} />
          ))}
        </ol>
      </div>
    </section>
  );
}

/** Some lines; they are drawn again only when there are more of them. */
const Block = memo(
  ({ lines }: { readonly lines: readonly LogLineResource[] }): JSX.Element => (
    <>
      {lines.map((line) => (
        <Line key={line.id} line={line} />
      ))}
    </>
  ),
  (before, after) => before.lines.length === after.lines.length && before.lines[0]?.id === after.lines[0]?.id,
);

function Line({ line }: { readonly line: LogLineResource }): JSX.Element {
  const fields = Object.entries(line.fields).filter(([name]) => !INNER_IDS.has(name));
  return (
    <li className="grid grid-cols-[auto_3rem_1fr] gap-x-2 py-px [content-visibility:auto]">
      <time dateTime={line.at} title={moment(line.at)} className="text-muted">
        {clock(line.at)}
      </time>
      <span className={LEVEL_LOOKS[line.level] ?? 'text-muted'}>{line.level}</span>
      <span className="min-w-0 [overflow-wrap:anywhere]">
        <UntrustedText>{line.message}</UntrustedText>
        {fields.length === 0 ? null : (
          <span className="text-muted">
            {' '}
            {fields.map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`).join(' ')}
          </span>
        )}
      </span>
    </li>
  );
}

/** Every stored line of a job's log at this level and above. */
async function wholeLog(job: string, level: LogLevel): Promise<readonly LogLineResource[]> {
  const lines: LogLineResource[] = [];
  for (;;) {
    const after = String(lines.at(-1)?.id ?? 0);
    const { body } = await ask('getJobLogs', { params: { id: job }, query: { level, after, limit: '1000' } });
    lines.push(...body.data);
    if (body.data.length === 0 || body.next_cursor === null) return lines;
  }
}

function download(lines: readonly LogLineResource[], job: string | null): void {
  const blob = new Blob(
    lines.map((line) => `${JSON.stringify(line)}\n`),
    { type: 'application/x-ndjson' },
  );
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = `laurels-log${job === null ? '' : `-${job}`}.ndjson`;
  link.click();
  URL.revokeObjectURL(link.href);
}
