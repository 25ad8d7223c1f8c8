import type { JSX } from 'react';

/** An account's picture, through our own cache: nobody else learns who looks at this page. The name beside it is its text. */
export function Avatar({
  githubId,
  size = 24,
  className = 'inline-block',
}: {
  readonly githubId: number;
  readonly size?: number;
  readonly className?: string;
}): JSX.Element {
  return (
    <img
      src={`/avatars/${githubId}`}
      alt=""
      width={size}
      height={size}
      loading="lazy"
      decoding="async"
      className={`bg-sunken shrink-0 rounded-full ${className}`}
    />
  );
}
