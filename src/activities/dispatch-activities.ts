/** What follows a job: the activities that reach back to Temporal. */
export interface DispatchActivities {
  startQueuedJobs(): Promise<{ readonly started: number }>;
  requestGlobalRecalculation(): Promise<void>;
}

/** What they need of the client side. */
export interface DispatchDeps {
  /** Starts queued jobs up to the limit of concurrent scrapes; gives how many. */
  readonly startQueued: () => Promise<number>;
  readonly requestRecalculation: () => Promise<void>;
}

export function createDispatchActivities({ startQueued, requestRecalculation }: DispatchDeps): DispatchActivities {
  return {
    async startQueuedJobs() {
      // Running twice is harmless: a job is marked dispatched once, and its workflow's id lets it start once.
      return { started: await startQueued() };
    },

    async requestGlobalRecalculation() {
      // Running twice is harmless: requests are coalesced, and a rebuild of unchanged inputs writes nothing.
      await requestRecalculation();
    },
  };
}
