/*
 * Preloaded by `node --import`: this process's wall clock is CLOCK_SKEW_HOURS ahead, as on a machine whose clock is wrong. Timers and
 * the monotonic clock go on as ever, as they do there.
 */
const skewMs = Number(process.env['CLOCK_SKEW_HOURS']) * 3_600_000;
const RealDate = Date;
const now = (): number => RealDate.now() + skewMs;

globalThis.Date = new Proxy(RealDate, {
  construct: (target, given, newTarget) => Reflect.construct(target, given.length === 0 ? [now()] : given, newTarget) as Date,
  apply: () => new RealDate(now()).toString(),
  get: (target, name) => (name === 'now' ? now : (Reflect.get(target, name) as unknown)),
});
