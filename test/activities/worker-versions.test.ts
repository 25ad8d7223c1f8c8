import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '../temporal/test-namespace.ts';
import { startStack, type RunningStack } from './running-stack.ts';
import { createScriptedSource } from './scripted-source.ts';

const deploymentName = 'laurels';

let stack: RunningStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.close());

/** What `temporal worker deployment set-current-version` does: from now on workflows begin with this build. */
async function makeCurrent(buildId: string): Promise<void> {
  const { workflowService } = stack.temporal.client;
  const { namespace } = stack.temporal;
  await until(
    () =>
      workflowService.setWorkerDeploymentCurrentVersion({ namespace, deploymentName, buildId, identity: 'test' }).then(
        () => true,
        // Temporal has not heard of all queues of this build yet.
        () => false,
      ),
    { what: `build ${buildId} to become the current one`, everyMs: 200 },
  );
}

test('during a deploy each scrape is finished by the release that began it, and new ones begin with the new release', async () => {
  const reads: string[] = [];
  let letOldGoOn = (): void => undefined;
  const held = new Promise<void>((resolve) => (letOldGoOn = resolve));
  const sourceOf = (release: string, before: (slice: string) => Promise<void>) =>
    createScriptedSource({
      slices: { pulls: 2, issues: 1 },
      before: async ({ slice }) => {
        reads.push(`${release} ${slice}`);
        await before(slice);
      },
    });

  await stack.withWorkers(
    [sourceOf('old', async (slice) => (slice === 'issues' ? await held : undefined))],
    async () => {
      await makeCurrent('old');
      const first = await stack.scrape('first');
      await until(() => reads.includes('old issues'), { what: 'the old release to read' });
      await stack.withWorkers(
        [sourceOf('new', async () => undefined)],
        async () => {
          await makeCurrent('new');
          const before = reads.length;
          expect(await stack.finished(await stack.scrape('second'))).toMatchObject({ status: 'COMPLETED', eventsProcessed: 30 });
          expect(new Set(reads.slice(before))).toEqual(new Set(['new pulls', 'new issues']));

          letOldGoOn();
          expect(await stack.finished(first)).toMatchObject({ status: 'COMPLETED', eventsProcessed: 30 });
          expect(reads.slice(before).filter((read) => read.startsWith('new'))).toHaveLength(3);
        },
        { version: { deploymentName, buildId: 'new' } },
      );
    },
    { version: { deploymentName, buildId: 'old' } },
  );
});
