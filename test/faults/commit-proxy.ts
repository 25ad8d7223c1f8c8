import { endpointOf, startProxy, throughPort, type Proxy, type ProxyPair } from './proxy.ts';

/**
 * What befalls a commit: `unacknowledged`: it is made and the connection is cut before the client hears of it; `held-after`: it is
 * made, and the answer waits; `held-before`: the COMMIT itself waits, in the middle of its transaction.
 */
export type CommitFault = 'unacknowledged' | 'held-after' | 'held-before';

/**
 * A proxy in front of PostgreSQL that counts the commits of each job and breaks the one it is told to. In place of a job's id any
 * other text will do that statements of the transaction contain.
 */
export interface CommitProxy {
  readonly url: string;
  /** Plans what befalls the `nth` commit of a job, from 1. */
  plan(jobId: string, nth: number, fault: CommitFault): void;
  /** Counts the commits of a job, without breaking any. */
  count(jobId: string): void;
  /** Commits of a job so far: explicit ones, and statements that write outside of a transaction. */
  commitsOf(jobId: string): { readonly all: number; readonly explicit: number };
  /** Jobs whose fault has come. */
  struck(): ReadonlySet<string>;
  /** Lets everything go on that is held. */
  release(): void;
  readonly link: Pick<Proxy, 'set' | 'refused'>;
  close(): Promise<void>;
}

/** node-pg sends a COMMIT as a message of its own. */
const COMMIT = Buffer.from('Q\0\0\0\x0bCOMMIT\0');
/** Lines of a log are no steps of a job, and their transactions stand in each other's way. */
const LOG_LINES = 'append-job-log';
const WRITES = /^(?:COMMIT|INSERT|UPDATE|DELETE|MERGE)\b/;
const COMMAND_COMPLETE = 'C';
const READY = 'Z';
const IDLE = 'I';

interface Conversation {
  /** What the client has said since the connection was last idle: it names the job. */
  said: string;
  /** Bytes of the server that are not a whole message yet. */
  rest: Buffer;
  /** The last command of this conversation that has written something. */
  hasWritten: boolean;
  commitSent: boolean;
  /** What waits until it is let go; null: nothing is held. */
  held: (() => void)[] | null;
}

/** Starts a proxy in front of the PostgreSQL of a URL. */
export async function startCommitProxy(databaseUrl: string): Promise<CommitProxy> {
  const plans = new Map<string, { nth: number; fault: CommitFault } | null>();
  const commits = new Map<string, { all: number; explicit: number }>();
  const struck = new Set<string>();
  const conversations = new WeakMap<ProxyPair, Conversation>();
  const holding = new Set<Conversation>();

  const conversationOf = (pair: ProxyPair): Conversation => {
    let conversation = conversations.get(pair);
    if (conversation === undefined) {
      conversation = { said: '', rest: Buffer.alloc(0), hasWritten: false, commitSent: false, held: null };
      conversations.set(pair, conversation);
    }
    return conversation;
  };
  const jobOf = ({ said }: Conversation): string | null => {
    if (said.includes(LOG_LINES)) return null;
    for (const id of plans.keys()) if (said.includes(id)) return id;
    return null;
  };
  const countsOf = (id: string): { all: number; explicit: number } => {
    const counts = commits.get(id) ?? { all: 0, explicit: 0 };
    commits.set(id, counts);
    return counts;
  };
  const isDue = (id: string, nth: number, fault: CommitFault): boolean => {
    const plan = plans.get(id);
    if (plan === null || plan === undefined || plan.nth !== nth || plan.fault !== fault || struck.has(id)) return false;
    struck.add(id);
    return true;
  };
  const hold = (conversation: Conversation, waiting: () => void): void => {
    if (conversation.held === null) {
      conversation.held = [];
      holding.add(conversation);
    }
    conversation.held.push(waiting);
  };

  const proxy = await startProxy(endpointOf(databaseUrl), {
    onClientBytes(pair, bytes, pass) {
      const conversation = conversationOf(pair);
      if (conversation.held !== null) return hold(conversation, () => pass(bytes));
      // The job's id is at the beginning of what is said; rows that are copied are not looked through.
      if (conversation.said.length < 200_000) conversation.said += bytes.toString('latin1');
      if (bytes.equals(COMMIT)) {
        conversation.commitSent = true;
        const id = jobOf(conversation);
        if (id !== null && isDue(id, countsOf(id).explicit + 1, 'held-before')) return hold(conversation, () => pass(bytes));
      }
      return pass(bytes);
    },

    onServerBytes(pair, bytes, pass) {
      const conversation = conversationOf(pair);
      if (conversation.held !== null) return hold(conversation, () => pass(bytes));
      const all = Buffer.concat([conversation.rest, bytes]);
      let at = 0;
      while (all.length - at >= 5) {
        const end = at + 1 + all.readInt32BE(at + 1);
        if (end > all.length) break;
        const type = String.fromCharCode(all[at] ?? 0);
        if (type === COMMAND_COMPLETE) {
          const tag = all.toString('latin1', at + 5, end - 1);
          conversation.hasWritten = WRITES.test(tag) || (conversation.hasWritten && tag !== 'ROLLBACK');
        }
        if (type === READY && all.toString('latin1', at + 5, end) === IDLE) {
          const id = conversation.hasWritten ? jobOf(conversation) : null;
          const isExplicit = conversation.commitSent;
          Object.assign(conversation, { said: '', hasWritten: false, commitSent: false });
          if (id !== null) {
            const counts = countsOf(id);
            counts.all += 1;
            if (isExplicit) counts.explicit += 1;
            if (isDue(id, counts.all, 'unacknowledged')) return pair.cut();
            if (isDue(id, counts.all, 'held-after')) {
              conversation.rest = Buffer.alloc(0);
              return hold(conversation, () => pass(all));
            }
          }
        }
        at = end;
      }
      conversation.rest = all.subarray(at);
      return at === 0 ? undefined : pass(all.subarray(0, at));
    },
  });

  return {
    url: throughPort(databaseUrl, proxy.port),
    plan(jobId, nth, fault) {
      plans.set(jobId, { nth, fault });
      struck.delete(jobId);
      commits.delete(jobId);
    },
    count: (jobId) => void plans.set(jobId, null),
    commitsOf: countsOf,
    struck: () => struck,
    release() {
      for (const conversation of holding) {
        const waiting = conversation.held ?? [];
        conversation.held = null;
        for (const go of waiting) go();
      }
      holding.clear();
    },
    link: proxy,
    close: () => proxy.close(),
  };
}
