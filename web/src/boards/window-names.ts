import type { WindowPreset } from '../../../src/domain/window.ts';

/** What windows are called. */
export const WINDOW_NAMES: Readonly<Record<WindowPreset, string>> = {
  '7d': '7 days',
  '30d': '30 days',
  '90d': '90 days',
  '1y': '1 year',
  '2y': '2 years',
  all: 'All time',
};
