import type { ScoredKind } from '../../../src/domain/scoring.ts';

/** A colour on the light card and on the dark one. */
export interface ColourPair {
  readonly light: string;
  readonly dark: string;
}

/** The grounds that charts stand on; styles.css has the same (`--color-card`). A test holds 3:1 between them and every colour (WCAG 1.4.11). */
export const CARD: ColourPair = { light: '#ffffff', dark: '#1a1d1a' };

/** Of each kind of contribution. Neighbours in a stack differ in lightness too, so that they can be told apart without hue. */
export const KIND_COLOURS: Readonly<Record<ScoredKind, ColourPair>> = {
  COMMIT: { light: '#17603f', dark: '#7bd3a4' },
  PR_OPENED: { light: '#2f7fb8', dark: '#9ccbf0' },
  PR_MERGED: { light: '#6b3fa0', dark: '#b794e8' },
  PR_REVIEWED: { light: '#b0620a', dark: '#f0b562' },
  PR_REVIEW_COMMENT: { light: '#8a2f4f', dark: '#f090ad' },
  ISSUE_OPENED: { light: '#0f7a80', dark: '#6fd0d6' },
  ISSUE_CLOSED: { light: '#4b5563', dark: '#b3bcc8' },
  COMMENT: { light: '#8a7a12', dark: '#d8c95a' },
  RELEASE: { light: '#c0392b', dark: '#ff9c8f' },
};

/** Lines of several people or repositories over each other. */
export const SERIES_COLOURS: readonly ColourPair[] = [
  { light: '#17603f', dark: '#7bd3a4' },
  { light: '#6b3fa0', dark: '#b794e8' },
  { light: '#b0620a', dark: '#f0b562' },
  { light: '#2f7fb8', dark: '#9ccbf0' },
  { light: '#a3261b', dark: '#ff9c8f' },
];

/** How full a day of the heatmap is, least first; the first is an empty day, which a frame shows. */
export const HEAT: readonly ColourPair[] = [
  { light: '#efede7', dark: '#222622' },
  { light: '#8fc4a8', dark: '#1f5a3e' },
  { light: '#4f9c76', dark: '#2f8a5e' },
  { light: '#237a51', dark: '#55b885' },
  { light: '#0f4a2f', dark: '#a4ecc6' },
];

/** A pair as CSS: follows the theme by itself. */
export function css({ light, dark }: ColourPair): string {
  return `light-dark(${light}, ${dark})`;
}

const channel = (value: number): number => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);

function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => channel(Number.parseInt(colour.slice(at, at + 2), 16) / 255)) as [
    number,
    number,
    number,
  ];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** The contrast of two colours, `#rrggbb`, 1 to 21 (WCAG 2.2). */
export function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(one), luminance(other)].toSorted((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}
