import {
  earningKinds,
  lineBonusOf,
  LINES,
  weightOf,
  type Cappable,
  type CountedCounts,
  type Counts,
  type LineName,
  type Points,
  type ScoringRules,
} from './scoring.ts';

/** One line of a receipt: counted x each = points. */
export interface ReceiptLine<Name extends Cappable | LineName = Cappable> {
  readonly name: Name;
  /** What was done; null = unknown. */
  readonly count: number | null;
  /** What of it counts: less than `count` where a daily cap cut it; null = unknown, which earns nothing. */
  readonly counted: number | null;
  readonly each: Points;
  readonly points: Points;
}

/** How a score comes about: the sum of all lines' points and of the line bonus is the total. Exact. */
export interface Receipt {
  readonly lines: readonly ReceiptLine[];
  readonly bonus: {
    readonly lines: readonly ReceiptLine<LineName>[];
    /** What the lines of code would earn without a cap. */
    readonly earned: Points;
    /** What they earn. */
    readonly points: Points;
  };
  readonly total: Points;
}

/** The receipt of one person in one repository. `counted`: what counts, after daily caps; `counts`: what was done. */
export function receiptOf(
  counts: Counts & { readonly COMMIT_COAUTHOR?: number | null },
  counted: CountedCounts,
  rules: ScoringRules,
): Receipt {
  const line = <Name extends Cappable | LineName>(name: Name): ReceiptLine<Name> => {
    const each = weightOf(name, rules);
    const what = counted[name] ?? null;
    return { name, count: counts[name] ?? null, counted: what, each, points: BigInt(what ?? 0) * each };
  };
  const lines = earningKinds(rules).map((kind) => line(kind));
  const ofCode = LINES.map((name) => line(name));
  const earned = ofCode.reduce((sum, { points }) => sum + points, 0n);
  const points = lineBonusOf(earned, rules);
  return { lines, bonus: { lines: ofCode, earned, points }, total: lines.reduce((sum, one) => sum + one.points, points) };
}

/** One receipt of several repositories', all made with the same rules; unknown is what is unknown in all of them. */
export function sumOfReceipts(receipts: readonly Receipt[], rules: ScoringRules): Receipt {
  const sum = <Name extends Cappable | LineName>(name: Name, found: readonly ReceiptLine<Name>[]): ReceiptLine<Name> => ({
    name,
    count: sumOfKnown(found.map(({ count }) => count)),
    counted: sumOfKnown(found.map(({ counted }) => counted)),
    each: weightOf(name, rules),
    points: found.reduce((total, { points }) => total + points, 0n),
  });
  return {
    lines: earningKinds(rules).map((kind) =>
      sum(
        kind,
        receipts.flatMap(({ lines }) => lines.filter(({ name }) => name === kind)),
      ),
    ),
    bonus: {
      lines: LINES.map((lineName) =>
        sum(
          lineName,
          receipts.flatMap(({ bonus }) => bonus.lines.filter(({ name }) => name === lineName)),
        ),
      ),
      earned: receipts.reduce((total, { bonus }) => total + bonus.earned, 0n),
      points: receipts.reduce((total, { bonus }) => total + bonus.points, 0n),
    },
    total: receipts.reduce((total, receipt) => total + receipt.total, 0n),
  };
}

/** A repository without any beside one that is unknown makes the sum unknown, not 0. */
function sumOfKnown(figures: readonly (number | null)[]): number | null {
  const known = figures.filter((figure) => figure !== null);
  const total = known.reduce((sum, figure) => sum + figure, 0);
  return total === 0 && known.length < figures.length ? null : total;
}
