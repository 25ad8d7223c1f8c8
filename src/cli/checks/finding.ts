/** What a check has found. `broken` is something Laurels needs; `weak` is something it can do without. */
export interface Finding {
  readonly state: 'ok' | 'weak' | 'broken' | 'unused';
  /** What was found, in a sentence without a full stop. */
  readonly found: string;
  /** What to do; null when there is nothing. */
  readonly fix: string | null;
}

/** One step of `laurels doctor`, done for real. */
export interface Check {
  readonly name: string;
  run(): Promise<Finding>;
  /** What to do when the check itself throws. */
  readonly fix: string;
}

export const ok = (found: string): Finding => ({ state: 'ok', found, fix: null });
export const weak = (found: string, fix: string): Finding => ({ state: 'weak', found, fix });
export const broken = (found: string, fix: string): Finding => ({ state: 'broken', found, fix });
export const unused = (found: string): Finding => ({ state: 'unused', found, fix: null });

/** Runs a check; one that throws has found something broken. */
export async function findingOf(check: Check): Promise<Finding> {
  try {
    return await check.run();
  } catch (error) {
    const reasons: string[] = [];
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) reasons.push(cause.message || cause.name);
    return broken(reasons.join(': ') || String(error), check.fix);
  }
}
