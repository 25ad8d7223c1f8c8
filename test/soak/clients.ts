import type { Random } from './random.ts';

/** What one request came to. Status 0: no answer. */
interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>> | null;
  readonly etag: string | null;
}

/** People and programs who use the API all the while. */
export interface Clients {
  /** One of them does something; says what and how it was answered. */
  act(): Promise<string>;
  /** Asks a board once and looks whether it is one: one scoring, ranks without a gap, best first. */
  read(): Promise<void>;
  /** Answers by what was asked and status. */
  readonly answers: ReadonlyMap<string, number>;
  /** Boards that were no boards, and answers of 5xx that no fault explains. */
  readonly wrong: readonly string[];
  /** Jobs that were promised with a 202. */
  readonly promised: ReadonlySet<string>;
}

const TIMEOUT_MS = 40_000;
/** What was asked so long after a service was hurt may fail. */
const HURT_MS = 45_000;

/** Makes them. `hurtAt`: when a service they need was hurt last. */
export function createClients(o: {
  readonly url: string;
  readonly repositories: readonly string[];
  readonly random: Random;
  readonly hurtAt: () => number;
}): Clients {
  const { random } = o;
  const answers = new Map<string, number>();
  const wrong: string[] = [];
  const promised = new Set<string>();

  const call = async (
    what: string,
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> => {
    const sent = performance.now();
    let answer: Answer;
    try {
      const response = await fetch(`${o.url}/api/v1${path}`, {
        method,
        headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const text = await response.text();
      answer = {
        status: response.status,
        body: text === '' ? null : (JSON.parse(text) as Answer['body']),
        etag: response.headers.get('etag'),
      };
    } catch {
      answer = { status: 0, body: null, etag: null };
    }
    const key = `${what} ${answer.status}`;
    answers.set(key, (answers.get(key) ?? 0) + 1);
    if (answer.status >= 500 && sent - o.hurtAt() > HURT_MS) wrong.push(`${key}: ${JSON.stringify(answer.body)}`);
    const id = answer.body?.['id'];
    if (answer.status === 202 && typeof id === 'string') promised.add(id);
    return answer;
  };

  const repository = (): string => random.pick(o.repositories);
  const people = async (): Promise<readonly string[]> => {
    const { body } = await call('read people', 'GET', `/leaderboard/global?limit=50`);
    const rows = (body?.['data'] ?? []) as readonly { readonly contributor: { readonly github_id: number } }[];
    return rows.map(({ contributor }) => `id:${contributor.github_id}`);
  };
  const hidden: string[] = [];
  const merged: string[] = [];
  const jobs = async (status: string): Promise<readonly string[]> => {
    const { body } = await call('list jobs', 'GET', `/jobs?status=${status}&limit=20`);
    return ((body?.['data'] ?? []) as readonly { readonly id: string }[]).map(({ id }) => id);
  };

  const actions: readonly (readonly [number, string, () => Promise<Answer | null>])[] = [
    [6, 'scrape', () => call('scrape', 'POST', `/repositories/${repository()}/scrape`, {})],
    [8, 'refresh', () => call('refresh', 'POST', `/repositories/${repository()}/refresh`)],
    [
      2,
      'cancel',
      async () => onOne(await jobs(random.pick(['RUNNING', 'QUEUED', 'RETRYING'])), (id) => call('cancel', 'POST', `/jobs/${id}/cancel`)),
    ],
    [2, 'retry', async () => onOne(await jobs(random.pick(['FAILED', 'CANCELLED'])), (id) => call('retry', 'POST', `/jobs/${id}/retry`))],
    [
      1,
      'delete and add again',
      async () => {
        const name = repository();
        const [owner, short] = name.split('/');
        await call('delete', 'DELETE', `/repositories/${name}`);
        return call('add', 'POST', '/repositories', { owner, name: short, scrape: true });
      },
    ],
    [
      2,
      'weights',
      async () => {
        const { body, etag } = await call('read scoring', 'GET', '/config/scoring');
        if (body === null || etag === null) return null;
        const weights = { ...(body['weights'] as Record<string, number>), COMMIT: 1 + random.below(20), PR_MERGED: 10 + random.below(30) };
        const options = random.below(4) === 0 ? { coauthor_credit: true, daily_caps: { COMMIT: 2 }, concave_lines: true } : {};
        return call(
          'save scoring',
          'PUT',
          '/config/scoring',
          { weights, line_bonus_cap: 100 * (1 + random.below(9)), options },
          { 'if-match': etag },
        );
      },
    ],
    [
      2,
      'merge or split',
      async () => {
        const one = merged.shift();
        if (one !== undefined && random.below(2) === 0) return call('split', 'POST', `/contributors/${one}/split`, {});
        const [first, second] = [random.pick(await people()), random.pick(await people())];
        if (first === undefined || second === undefined || first === second) return null;
        merged.push(first);
        return call('merge', 'POST', `/contributors/${first}/merge`, { accounts: [second] });
      },
    ],
    [
      2,
      'opt out or in',
      async () => {
        const back = hidden.shift();
        if (back !== undefined) return call('show', 'DELETE', `/contributors/${back}/opt-out`);
        return onOne(await people(), (one) => {
          hidden.push(one);
          return call('hide', 'PUT', `/contributors/${one}/opt-out`);
        });
      },
    ],
    [
      1,
      'kind',
      async () =>
        onOne(await people(), (one) =>
          call('kind', 'PUT', `/contributors/${one}/kind`, { kind: random.pick(['human', 'human', 'bot']), reason: 'a soak' }),
        ),
    ],
    [1, 'recalculate', () => call('recalculate', 'POST', '/leaderboard/recalculate')],
  ];
  const lots = actions.flatMap(([weight, , act]) => Array.from({ length: weight }, () => act));

  return {
    answers,
    wrong,
    promised,
    async act() {
      const answer = await random.pick(lots)();
      return String(answer?.status ?? 'nothing to do');
    },
    async read() {
      const path = random.below(3) === 0 ? '/leaderboard/global?limit=100' : `/leaderboard/${repository()}?limit=100`;
      const { status, body } = await call('read board', 'GET', path);
      if (status !== 200 || body === null) return;
      const rows = body['data'] as readonly { readonly rank: number; readonly total_score: number }[];
      rows.forEach((row, index) => {
        const before = rows[index - 1];
        const expected = before?.total_score === row.total_score ? before.rank : index + 1;
        if (row.rank !== expected || (before !== undefined && before.total_score < row.total_score)) {
          wrong.push(
            `${path}: row ${index} has rank ${row.rank} instead of ${expected}, score ${row.total_score} after ${before?.total_score}`,
          );
        }
      });
    },
  };
}

async function onOne(list: readonly string[], act: (one: string) => Promise<Answer>): Promise<Answer | null> {
  const one = list[Math.floor(Math.random() * list.length)];
  return one === undefined ? null : act(one);
}
