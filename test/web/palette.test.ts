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
