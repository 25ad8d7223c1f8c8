import type { FormEvent, JSX, RefObject } from 'react';
import { useLocation } from 'wouter';

/** Goes to the search page with what is typed. */
export function SearchBox({ input }: { readonly input: RefObject<HTMLInputElement | null> }): JSX.Element {
  const [, navigate] = useLocation();
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const q = new FormData(event.currentTarget).get('q');
    if (typeof q === 'string' && q.trim() !== '') navigate(`/search?q=${encodeURIComponent(q.trim())}`);
  };
  return (
    <form role="search" onSubmit={submit}>
      <input
        ref={input}
        type="search"
        name="q"
        maxLength={100}
        aria-label="Search people and repositories"
        placeholder="Search  /"
        className="w-40 text-sm"
      />
    </form>
  );
}
