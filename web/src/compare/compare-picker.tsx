import { useId, useState, type FormEvent, type JSX } from 'react';
import { useAnswer } from '../api/queries.ts';
import { Button } from '../elements/button.tsx';
import { UntrustedText } from '../elements/untrusted-text.tsx';
import { MOST_COMPARED, type Compared } from './compared.ts';

interface PickerProps {
  readonly what: Compared;
  readonly chosen: readonly string[];
  readonly onChoose: (names: readonly string[]) => void;
}

/** Who is compared: each with a button that takes them away, and a field with suggestions for another. */
export function ComparePicker({ what, chosen, onChoose }: PickerProps): JSX.Element {
  const [typed, setTyped] = useState('');
  const listId = useId();
  const q = typed.trim().replace(/^@/, '');
  const { data } = useAnswer('search', { query: { q: q === '' ? '/' : q, limit: '10' } }, { enabled: q !== '' });
  const first = useAnswer(
    'listRepositories',
    { query: { limit: '20', status: 'COMPLETED' } },
    { enabled: q === '' && what === 'repositories' },
  );
  const found =
    what === 'contributors'
      ? data?.contributors.map(({ username, display_name: name }) => [username, name ?? username] as const)
      : (q === '' ? first.data?.data : data?.repositories)?.map(({ full_name: name }) => [name, name] as const);
  const isKnown = chosen.some((name) => name.toLowerCase() === q.toLowerCase());
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (q === '' || isKnown) return;
    onChoose([...chosen, q]);
    setTyped('');
  };
  return (
    <div className="flex min-w-0 flex-wrap items-end gap-3">
      {chosen.length === 0 ? null : (
        <ul className="flex min-w-0 flex-wrap gap-2" aria-label="Compared">
          {chosen.map((name) => (
            <li key={name} className="min-w-0">
              <Button onClick={() => onChoose(chosen.filter((other) => other !== name))}>
                <UntrustedText>{name}</UntrustedText>
                <span aria-hidden="true">✕</span>
                <span className="sr-only">, take away</span>
              </Button>
            </li>
          ))}
        </ul>
      )}
      {chosen.length >= MOST_COMPARED ? null : (
        <form onSubmit={submit} className="flex min-w-0 flex-wrap items-end gap-2">
          <label className="grid gap-0.5 text-sm">
            <span className="text-muted text-xs">{what === 'repositories' ? 'Add owner/name' : 'Add @login'}</span>
            <input
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
              list={listId}
              maxLength={150}
              required
              spellCheck={false}
              autoCapitalize="off"
              autoComplete="off"
              className="w-56"
            />
          </label>
          <datalist id={listId}>
            {found
              ?.filter(([value]) => !chosen.includes(value))
              .map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
          </datalist>
          <Button type="submit">Add</Button>
        </form>
      )}
    </div>
  );
}
