import type { JSX, ReactNode } from 'react';

/** A link out of here. What GitHub tells is untrusted: only `https:` becomes a link, anything else is shown as text. */
export function ExternalLink({ href, children }: { readonly href: string | null; readonly children: ReactNode }): JSX.Element {
  if (href === null || !isSafe(href)) return <span className="break-words">{children}</span>;
  return (
    <a href={href} rel="noopener noreferrer nofollow ugc" target="_blank" className="break-words">
      {children}
      <span className="sr-only"> (opens in a new tab)</span>
      <span aria-hidden="true"> ↗</span>
    </a>
  );
}

function isSafe(href: string): boolean {
  return URL.canParse(href) && new URL(href).protocol === 'https:';
}
