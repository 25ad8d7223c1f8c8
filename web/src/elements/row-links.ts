import type { MouseEvent } from 'react';
import { useLocation, useRouter } from 'wouter';

/** The links of a long list: plain anchors, and one listener around them all. A `Link` each would listen to the address each. */
export interface RowLinks {
  /** The address of a page of the dashboard. */
  readonly hrefOf: (path: string) => string;
  /** For the element around the rows: follows the anchor with `data-row-link` that was clicked. */
  readonly onClick: (event: MouseEvent) => void;
}

/** The links of the page's router. */
export function useRowLinks(): RowLinks {
  const router = useRouter();
  const [, navigate] = useLocation();
  return {
    hrefOf: (path) => router.hrefs(router.base + path, router),
    onClick(event) {
      const anchor = (event.target as Element).closest<HTMLAnchorElement>('a[data-row-link]');
      // With another button or a key it is the browser's: a new tab, a download.
      if (anchor === null || event.defaultPrevented || event.button !== 0) return;
      if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
      event.preventDefault();
      navigate(anchor.pathname.slice(router.base.length));
    },
  };
}
