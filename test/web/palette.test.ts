import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { CARD, contrast, HEAT, KIND_COLOURS, SERIES_COLOURS } from '../../web/src/charts/palette.ts';

test('contrast is as WCAG has it', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21);
  expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.478, 2);
});

test.each([...Object.entries(KIND_COLOURS), ...SERIES_COLOURS.map((colour, index) => [`series ${index + 1}`, colour] as const)])(
  '%s can be seen on the card, in both themes',
  (_, { light, dark }) => {
    expect(contrast(light, CARD.light)).toBeGreaterThanOrEqual(3);
    expect(contrast(dark, CARD.dark)).toBeGreaterThanOrEqual(3);
  },
);

test('each step of the heatmap stands further from the ground than the one before', () => {
  for (const theme of ['light', 'dark'] as const) {
    const steps = HEAT.map((colour) => contrast(colour[theme], CARD[theme]));
    expect(steps).toEqual(steps.toSorted((one, other) => one - other));
  }
});

test('the card is what the style sheet says', () => {
  const css = readFileSync(new URL('../../web/src/styles.css', import.meta.url), 'utf8');
  expect(css).toContain(`--color-card: light-dark(${CARD.light}, ${CARD.dark});`);
});

const COLOURS = new Map(
  [
    ...readFileSync(new URL('../../web/src/styles.css', import.meta.url), 'utf8').matchAll(
      /--color-([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g,
    ),
  ].map(([, name, light, dark]) => [name as string, { light: light as string, dark: dark as string }] as const),
);

test.each(['ink', 'muted', 'accent', 'good', 'warn', 'bad'])('%s can be read on every ground it stands on, in both themes', (text) => {
  for (const ground of ['page', 'card', 'sunken']) {
    for (const theme of ['light', 'dark'] as const)
      expect(contrast(COLOURS.get(text)?.[theme] ?? '', COLOURS.get(ground)?.[theme] ?? '')).toBeGreaterThanOrEqual(4.5);
  }
});
