/** What is written down in the page, as `watched`. */
export interface Watched {
  /** When the answer with the board had been read; 0: not yet. */
  readonly answeredAt: number;
  /** When a frame with rows had been drawn; 0: not yet. */
  readonly firstAt: number;
  /** When a frame with all rows had been drawn; 0: not yet. */
  readonly drawnAt: number;
  /** Milliseconds from a click to the end of the frame after it. */
  readonly clicks: readonly number[];
  /** Milliseconds of each task over 50 ms. */
  readonly longTasks: readonly number[];
}

/** Rows that a board is expected to have. */
export const ROWS = 100;

/**
 * Runs in the page before anything else of it, as a text: its globals are the page's. Notes when a board's answer is there and when its
 * rows are drawn, and tasks that take long; `clickOften(n)` presses the log's button every half second, n times.
 */
export const IN_PAGE = `
  globalThis.watched = { answeredAt: 0, firstAt: 0, drawnAt: 0, clicks: [], longTasks: [] };
  new PerformanceObserver((list) => watched.longTasks.push(...list.getEntries().map((entry) => entry.duration))).observe({ entryTypes: ['longtask'] });
  const ask = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const answer = await ask(input, init);
    if (!(input.url ?? String(input)).includes('leaderboard/global?')) return answer;
    const body = await answer.text();
    watched.answeredAt = performance.now();
    return new Response(body, { status: answer.status, headers: answer.headers });
  };
  new MutationObserver(() => {
    const rows = document.querySelectorAll('tbody [data-row-link]').length;
    const note = (name) => requestAnimationFrame(() => setTimeout(() => (watched[name] ||= performance.now()), 0));
    if (rows > 0 && watched.firstAt === 0) note('firstAt');
    if (rows >= ${ROWS} && watched.drawnAt === 0) note('drawnAt');
  }).observe(document, { childList: true, subtree: true });
  globalThis.clickOften = async (times) => {
    const button = [...document.querySelectorAll('button')].find((one) => /^Follow/.test(one.textContent));
    for (let time = 0; time < times; time += 1) {
      await new Promise((go) => setTimeout(go, 500));
      const from = performance.now();
      // Queued like a real click: behind whatever the page is doing.
      await new Promise((drawn) => setTimeout(() => { button.click(); requestAnimationFrame(() => setTimeout(drawn, 0)); }, 0));
      watched.clicks.push(performance.now() - from);
    }
  };
`;
