import { useEffect, useState, type JSX } from 'react';

/** Typing is over when nothing came for this long. */
const TYPED_MS = 250;

interface SearchFieldProps {
  readonly label: string;
  readonly name: string;
  /** What is searched for now, as the URL has it. */
  readonly value: string;
  readonly onType: (value: string) => void;
}

/** A text field that tells what is in it when the typing pauses, and shows what the URL says when that changes. */
export function SearchField({ label, name, value, onType }: SearchFieldProps): JSX.Element {
  const [typed, setTyped] = useState(value);
  const [seen, setSeen] = useState(value);
  if (seen !== value) {
    setSeen(value);
    // Unless it is what was just typed: a space at its end is not to be taken away.
    if (typed.trim() !== value) setTyped(value);
  }
  useEffect(() => {
    if (typed.trim() === value) return undefined;
    const timer = setTimeout(() => onType(typed.trim()), TYPED_MS);
    return () => clearTimeout(timer);
    // What is typed sets the timer, not the function it calls.
  }, [typed]);
  return (
    <label className="grid gap-0.5 text-sm">
      <span className="text-muted text-xs">{label}</span>
      <input type="search" name={name} value={typed} maxLength={100} onChange={(event) => setTyped(event.target.value)} className="w-40" />
    </label>
  );
}
