import { describe, expect, test } from '@jest/globals';
import { inLanes, type Step } from '../../../src/sources/github/lanes.ts';

interface Lane {
  readonly name: string;
  readonly at: number;
}

const tick = (): Promise<void> => new Promise((go) => setImmediate(go));
const stepTo =
  (end: number) =>
  async ({ name, at }: Lane): Promise<Step<Lane, string>> => {
    await tick();
    return { page: () => `${name}${at}`, next: at + 1 === end ? null : { name, at: at + 1 } };
  };

async function collect<L, P>(
  steps: AsyncIterable<{ page: P; left: readonly L[] }>,
): Promise<{ pages: P[]; left: (readonly L[])[]; error: unknown }> {
  const pages: P[] = [];
  const left: (readonly L[])[] = [];
  try {
    for await (const one of steps) {
      pages.push(one.page);
      left.push(one.left);
    }
  } catch (error) {
    return { pages, left, error };
  }
  return { pages, left, error: null };
}

describe('lanes', () => {
  test('are read side by side, each in order, to their ends', async () => {
    const lanes = [
      { name: 'a', at: 0 },
      { name: 'b', at: 0 },
      { name: 'c', at: 0 },
    ];
    const { pages, left } = await collect(inLanes({ lanes, width: 2, signal: new AbortController().signal, step: stepTo(3) }));
    expect(pages.toSorted()).toEqual(['a0', 'a1', 'a2', 'b0', 'b1', 'b2', 'c0', 'c1', 'c2']);
    for (const name of ['a', 'b', 'c']) expect(pages.filter((page) => page.startsWith(name))).toEqual([`${name}0`, `${name}1`, `${name}2`]);
    expect(left.at(-1)).toEqual([]);
  });

  test('never have more requests in flight than their width', async () => {
    let [running, most] = [0, 0];
    const lanes = Array.from({ length: 6 }, (_, index) => ({ name: String(index), at: 0 }));
    const step = async (lane: Lane): Promise<Step<Lane, string>> => {
      running += 1;
      most = Math.max(most, running);
      await tick();
      running -= 1;
      return { page: () => lane.name, next: null };
    };
    await collect(inLanes({ lanes, width: 3, signal: new AbortController().signal, step }));
    expect(most).toBe(3);
  });

  test('read one page ahead, and what is left never counts a page that was not handed out', async () => {
    const asked: string[] = [];
    const step = async (lane: Lane): Promise<Step<Lane, string>> => {
      asked.push(`${lane.name}${lane.at}`);
      return stepTo(4)(lane);
    };
    const steps = inLanes({ lanes: [{ name: 'a', at: 0 }], width: 1, signal: new AbortController().signal, step });
    expect(await steps.next()).toEqual({ done: false, value: { page: 'a0', left: [{ name: 'a', at: 1 }] } });
    expect(asked).toEqual(['a0', 'a1']);
    await steps.return(undefined);
  });

  test('make a page once the next request is on its way', async () => {
    const happened: string[] = [];
    const step = async ({ name, at }: Lane): Promise<Step<Lane, number>> => {
      happened.push(`asked ${at}`);
      await tick();
      return { page: () => happened.push(`made ${at}`), next: at === 2 ? null : { name, at: at + 1 } };
    };
    await collect(inLanes({ lanes: [{ name: 'a', at: 0 }], width: 1, signal: new AbortController().signal, step }));
    expect(happened).toEqual(['asked 0', 'asked 1', 'made 0', 'asked 2', 'made 1', 'made 2']);
  });

  test('that fail hand out what the others bring, then the error; what failed is left', async () => {
    const step = async (lane: Lane): Promise<Step<Lane, string>> => {
      if (lane.name === 'b' && lane.at === 1) throw new Error('broken');
      return stepTo(3)(lane);
    };
    const lanes = [
      { name: 'a', at: 0 },
      { name: 'b', at: 0 },
    ];
    const { pages, left, error } = await collect(inLanes({ lanes, width: 2, signal: new AbortController().signal, step }));
    expect(error).toEqual(new Error('broken'));
    expect(left.at(-1)).toContainEqual({ name: 'b', at: 1 });
    expect(pages).not.toContain('b1');
  });

  test('whose page comes later than its step go on meanwhile; when it fails, nothing beyond it counts', async () => {
    let fail: (error: Error) => void = () => undefined;
    const step = async (lane: Lane): Promise<Step<Lane, string>> => {
      if (lane.at !== 1) return stepTo(9)(lane);
      const page = new Promise<string>((_go, refuse) => (fail = refuse));
      setTimeout(() => fail(new Error('no details')), 5);
      return { page: () => page, next: { name: lane.name, at: 2 } };
    };
    const { pages, left, error } = await collect(
      inLanes({ lanes: [{ name: 'a', at: 0 }], width: 1, signal: new AbortController().signal, step }),
    );
    expect(pages).toEqual(['a0']);
    expect(left.at(-1)).toEqual([{ name: 'a', at: 1 }]);
    expect(error).toEqual(new Error('no details'));
  });

  test('may open others', async () => {
    const step = async (lane: Lane): Promise<Step<Lane, string>> =>
      lane.name === 'first'
        ? {
            page: () => 'first',
            next: null,
            opened: [
              { name: 'x', at: 0 },
              { name: 'y', at: 0 },
            ],
          }
        : stepTo(2)(lane);
    const { pages, left } = await collect(
      inLanes({ lanes: [{ name: 'first', at: 0 }], width: 2, signal: new AbortController().signal, step }),
    );
    expect(pages.toSorted()).toEqual(['first', 'x0', 'x1', 'y0', 'y1']);
    expect(left[0]).toHaveLength(2);
  });
});
