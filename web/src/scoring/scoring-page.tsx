import { useQuery } from '@tanstack/react-query';
import { useState, type FormEvent, type JSX } from 'react';
import { Link } from 'wouter';
import type { ScoringResource } from '../../../src/api/contract/scoring.ts';
import { CAPPABLE, MAX_DAILY_CAP, MAX_WEIGHT, SCORED, SCORED_KINDS, type Scored } from '../../../src/domain/scoring.ts';
import { ask, type Problem } from '../api/client.ts';
import { useAction, useAnswer } from '../api/queries.ts';
import { labelOf } from '../boards/columns.ts';
import { Button } from '../elements/button.tsx';
import { SkeletonLines } from '../elements/loading.tsx';
import { Banner, ErrorNotice } from '../elements/notice.tsx';
import { Page } from '../elements/page.tsx';
import { useSearchState } from '../search-state.ts';
import { draftOf, isSame, rulesOf, type Draft } from './draft.ts';
import { ScoringHistory } from './scoring-history.tsx';
import { ScoringPreview } from './scoring-preview.tsx';

/** The weights: change them, see first who would move, save, go back. */
export function ScoringPage(): JSX.Element {
  // With its ETag: what is saved must be a change of what was read here.
  const { data, error, refetch } = useQuery<{ scoring: ScoringResource; etag: string | null }, Problem>({
    queryKey: ['getScoring', 'with its tag'],
    queryFn: async ({ signal }) => {
      const { body, etag } = await ask('getScoring', {}, signal);
      return { scoring: body, etag };
    },
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
  });
  return (
    <Page
      title="Scoring"
      intro="What each contribution is worth. Change the points, press Preview to see who would move, and save if you like it. Nothing changes before you save, and every earlier version can be restored."
    >
      {error === null ? null : <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {data === undefined ? (
        error === null ? (
          <SkeletonLines />
        ) : null
      ) : (
        <Editor key={data.scoring.version} scoring={data.scoring} etag={data.etag} onSaved={() => void refetch()} />
      )}
      <ScoringHistory onRestored={() => void refetch()} />
    </Page>
  );
}

interface EditorProps {
  readonly scoring: ScoringResource;
  readonly etag: string | null;
  readonly onSaved: () => void;
}

function Editor({ scoring, etag, onSaved }: EditorProps): JSX.Element {
  const before = draftOf(scoring);
  const [draft, setDraft] = useState<Draft>(before);
  const [note, setNote] = useState('');
  const [params, change] = useSearchState();
  const repository = params.get('repository') ?? '';
  const preview = useAction('previewScoring', []);
  const save = useAction('putScoring', ['getScoring', 'listScorings', 'getGlobalBoard', 'getRepositoryBoard', 'listJobs']);
  const { data: repositories } = useAnswer('listRepositories', { query: { limit: '100', status: 'COMPLETED' } });
  const isChanged = !isSame(before, draft);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    preview.mutate({ body: rulesOf(draft), query: repository === '' ? {} : { repository } });
  };
  const weight = (name: Scored, step: string): JSX.Element => (
    <NumberField
      key={name}
      label={labelOf(name)}
      hint={SCORED[name].description}
      unit="points"
      step={step}
      most={MAX_WEIGHT}
      value={draft.weights[name]}
      before={before.weights[name]}
      onType={(value) => setDraft({ ...draft, weights: { ...draft.weights, [name]: value } })}
    />
  );
  return (
    <form onSubmit={submit} className="grid gap-4" aria-label="Weights">
      <div className="grid gap-4 lg:grid-cols-2">
        <fieldset className="card grid content-start gap-2">
          <legend className="px-1 font-semibold">Points for each contribution</legend>
          {SCORED_KINDS.map((kind) => weight(kind, 'any'))}
        </fieldset>
        <div className="grid content-start gap-4">
          <fieldset className="card grid content-start gap-2">
            <legend className="px-1 font-semibold">Lines of code</legend>
            {weight('LINES_ADDED', 'any')}
            {weight('LINES_DELETED', 'any')}
            <NumberField
              label="At most"
              hint="The most points that lines can give one person in one repository"
              unit="points"
              step="any"
              most={MAX_WEIGHT}
              value={draft.lineBonusCap}
              before={before.lineBonusCap}
              onType={(lineBonusCap) => setDraft({ ...draft, lineBonusCap })}
            />
            <CheckField
              label="Less and less per line"
              hint="Instead of a hard cap, points approach it: cap × (1 − e^(−points ÷ cap))"
              isChecked={draft.concaveLines}
              onCheck={(concaveLines) => setDraft({ ...draft, concaveLines })}
            />
          </fieldset>
          <fieldset className="card grid content-start gap-2">
            <legend className="px-1 font-semibold">Options</legend>
            <CheckField
              label="Credit co-authors"
              hint="A co-authored commit earns each co-author what a commit earns"
              isChecked={draft.coauthorCredit}
              onCheck={(coauthorCredit) => setDraft({ ...draft, coauthorCredit })}
            />
            <details>
              <summary className="text-sm">Daily caps</summary>
              <p className="text-muted my-2 text-sm">The most that counts of a kind per person, repository and day. Empty: no cap.</p>
              <div className="grid gap-2">
                {CAPPABLE.map((kind) => (
                  <NumberField
                    key={kind}
                    label={labelOf(kind)}
                    unit="a day"
                    step="1"
                    least={1}
                    most={MAX_DAILY_CAP}
                    isOptional
                    value={draft.dailyCaps[kind]}
                    before={before.dailyCaps[kind]}
                    onType={(value) => setDraft({ ...draft, dailyCaps: { ...draft.dailyCaps, [kind]: value } })}
                  />
                ))}
              </div>
            </details>
          </fieldset>
        </div>
      </div>
      <div className="card flex flex-wrap items-end gap-3">
        <label className="grid gap-0.5 text-sm">
          <span className="text-muted text-xs">Preview on</span>
          <select value={repository} onChange={(event) => change({ repository: event.target.value })}>
            <option value="">All repositories</option>
            {repository === '' || repositories?.data.some(({ full_name: name }) => name === repository) === true ? null : (
              <option value={repository}>{repository}</option>
            )}
            {repositories?.data.map(({ full_name: name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <Button type="submit" look="primary" isBusy={preview.isPending}>
          Preview
        </Button>
        <label className="grid min-w-48 flex-1 gap-0.5 text-sm">
          <span className="text-muted text-xs">Why (stands in the history)</span>
          <input maxLength={500} value={note} onChange={(event) => setNote(event.target.value)} />
        </label>
        <Button
          isBusy={save.isPending}
          disabled={!isChanged}
          onClick={() =>
            save.mutate(
              {
                body: { ...rulesOf(draft), ...(note.trim() === '' ? {} : { note: note.trim() }) },
                headers: etag === null ? {} : { 'if-match': etag },
              },
              { onSuccess: onSaved },
            )
          }
        >
          Save
        </Button>
        <Button look="quiet" disabled={!isChanged} onClick={() => setDraft(before)}>
          Undo changes
        </Button>
      </div>
      {preview.error === null ? null : <ErrorNotice error={preview.error} />}
      {save.error === null ? null : save.error.status === 412 ? (
        <Banner tone="warn">
          Somebody else saved weights meanwhile, so yours were not saved. <Button onClick={onSaved}>Show theirs</Button>
        </Banner>
      ) : (
        <ErrorNotice error={save.error} />
      )}
      {save.data === undefined || save.data.rescore === null ? null : (
        <Banner tone="good">
          Version {save.data.version} is saved. All boards follow at once, when <Link href={`/jobs/${save.data.rescore.id}`}>the job</Link>{' '}
          ends.
        </Banner>
      )}
      {preview.data === undefined ? null : (
        <ScoringPreview
          preview={preview.data}
          isOld={
            isChanged && preview.variables?.body !== undefined && JSON.stringify(preview.variables.body) !== JSON.stringify(rulesOf(draft))
          }
        />
      )}
    </form>
  );
}

interface NumberFieldProps {
  readonly label: string;
  readonly hint?: string;
  readonly unit: string;
  readonly step: string;
  readonly least?: number;
  readonly most: number;
  readonly isOptional?: boolean;
  readonly value: string;
  /** What is in force. */
  readonly before: string;
  readonly onType: (value: string) => void;
}

function NumberField({
  label,
  hint,
  unit,
  step,
  least = 0,
  most,
  isOptional = false,
  value,
  before,
  onType,
}: NumberFieldProps): JSX.Element {
  return (
    <label className="flex flex-wrap items-center gap-x-3 text-sm">
      <span className="min-w-0 flex-1">
        <span className={value === before ? '' : 'font-semibold'}>{label}</span>
        {value === before ? null : <span className="text-warn"> changed, was {before === '' ? 'none' : before}</span>}
        {hint === undefined ? null : <span className="text-muted block text-xs">{hint}</span>}
      </span>
      <span className="flex items-center gap-1.5">
        <input
          type="number"
          inputMode="decimal"
          required={!isOptional}
          min={least}
          max={most}
          step={step}
          value={value}
          onChange={(event) => onType(event.target.value)}
          className="w-24 text-end"
        />
        <span className="text-muted w-12">{unit}</span>
      </span>
    </label>
  );
}

interface CheckFieldProps {
  readonly label: string;
  readonly hint: string;
  readonly isChecked: boolean;
  readonly onCheck: (isChecked: boolean) => void;
}

function CheckField({ label, hint, isChecked, onCheck }: CheckFieldProps): JSX.Element {
  return (
    <label className="flex items-start gap-2 text-sm">
      <input type="checkbox" checked={isChecked} onChange={(event) => onCheck(event.target.checked)} />
      <span>
        {label}
        <span className="text-muted block text-xs">{hint}</span>
      </span>
    </label>
  );
}
