/**
 * A fake GitHub in a process of its own, so that a benchmark's client and its GitHub do not share one thread.
 *
 *   node test/fakes/github/serve.ts '{"commits":50000,"pullRequests":20000}'
 *
 * Prints one line of JSON when it is ready and stops when its standard input ends. `process.ts` starts it from a program.
 */
import { generated } from './datasets/generated.ts';
import type { GeneratedSize } from './datasets/generated.ts';
import { countOf } from './count-of.ts';
import { startFakeGithub } from './server.ts';

const size = JSON.parse(process.argv[2] ?? '{"commits":1000,"pullRequests":300}') as GeneratedSize;
const { data, repository, window } = generated(size);
const fake = await startFakeGithub({ dataset: data, keepAnswers: true, compress: true, limits: { graphql: 10_000_000, core: 10_000_000 } });
const count = countOf(data, window);
const people = [...count.people.values()].map(({ githubId, score }) => ({ githubId, score }));
const ready = {
  url: fake.url,
  restUrl: fake.restUrl,
  graphqlUrl: fake.graphqlUrl,
  fullName: data.fullNameOf(repository),
  window,
  contributions: count.contributions,
  people,
};
process.stdout.write(`${JSON.stringify(ready)}\n`);
process.stdin.resume();
process.stdin.on('end', () => void fake.stop());
