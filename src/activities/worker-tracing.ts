import type { ActivityInterceptorsFactory, InjectedSinks } from '@temporalio/worker';

/** How workers take part in traces (src/tracing makes it). */
export interface WorkerTracing {
  readonly activityInterceptors: readonly ActivityInterceptorsFactory[];
  /** Take the spans of workflows out of their sandbox. */
  // oxlint-disable-next-line typescript/no-explicit-any -- as the SDK has it: what a sink is given is its own affair
  readonly sinks: InjectedSinks<any>;
  /** Modules that the workflows' bundle has besides. */
  readonly workflowModules: readonly string[];
}
