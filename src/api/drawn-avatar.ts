import { createHash } from 'node:crypto';

const CELLS = 5;
const CELL = 16;
const MARGIN = 8;
const SIDE = CELLS * CELL + 2 * MARGIN;

/** A picture for an account that has none: five by five cells, the right half the mirror of the left, always the same for a number. */
export function drawnAvatar(githubId: number): string {
  const bytes = createHash('sha256').update(`avatar ${githubId}`).digest();
  const hue = Math.round(((bytes[0] ?? 0) / 256) * 360);
  const cells: string[] = [];
  for (let row = 0; row < CELLS; row += 1) {
    for (let column = 0; column < CELLS; column += 1) {
      const mirrored = Math.min(column, CELLS - 1 - column);
      if (((bytes[1 + row * 3 + mirrored] ?? 0) & 1) === 1)
        cells.push(`M${MARGIN + column * CELL} ${MARGIN + row * CELL}h${CELL}v${CELL}h-${CELL}z`);
    }
  }
  const size = `width="${SIDE}" height="${SIDE}" viewBox="0 0 ${SIDE} ${SIDE}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size}><rect width="${SIDE}" height="${SIDE}" fill="#eaeef2"/><path fill="hsl(${hue},55%,42%)" d="${cells.join('')}"/></svg>`;
}
