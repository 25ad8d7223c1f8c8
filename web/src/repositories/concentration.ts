/** How much of the points the first `people` of a board have: 0 to 1; null for an empty board. Scores come best first. */
export function shareOfTop(scores: readonly number[], people: number): number | null {
  const total = scores.reduce((sum, score) => sum + score, 0);
  if (total <= 0) return null;
  return scores.slice(0, people).reduce((sum, score) => sum + score, 0) / total;
}
