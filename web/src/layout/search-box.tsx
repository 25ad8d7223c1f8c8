import type { FormEvent, JSX, RefObject } from 'react';
import { useLocation, useSearchParams } from 'wouter';

/** Goes to the search page with what is typed. */
export function SearchBox({ input }: { readonly input: RefObject<HTMLInputElement | null> }): JSX.Element {
  const [path, navigate] = useLocation();
  const [params] = useSearchParams();
  const searched = path === '/search' ? (params.get('q') ?? '') : '';
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const q = new FormData(event.currentTarget).get('q');
    if (typeof q === 'string' && q.trim() !== '') navigate(`/search?q=${encodeURIComponent(q.trim())}`);
  };
  return (
    <form role="search" onSubmit={submit} className="max-sm:flex-1">
      <input
        ref={input}
        type="search"
        name="q"
        key={searched}
        defaultValue={searched}
        maxLength={100}
        aria-label="Search people and repositories"
        placeholder="Search  ( / )"
        className="w-full text-sm sm:w-44"
      />
    </form>
  );
}
