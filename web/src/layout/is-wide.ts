import { useSyncExternalStore } from 'react';

/** From here on filters stand open beside each other; narrower, they are folded away so that the table comes first. */
const WIDE = matchMedia('(min-width: 40rem)');

function subscribe(listener: () => void): () => void {
  WIDE.addEventListener('change', listener);
  return () => WIDE.removeEventListener('change', listener);
}

/** Whether the window is wide enough for everything to stand open. */
export function useIsWide(): boolean {
  return useSyncExternalStore(subscribe, () => WIDE.matches);
}
