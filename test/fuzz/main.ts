import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makePlace, PROJECT } from '../e2e/laurels.ts';
import { fuzz } from './schemathesis.ts';

/*
 * `npm run fuzz [-- --seconds 300 --examples 50 --seed N]`: a stack of its own, opened to others, and everything that its OpenAPI
 * document allows and forbids. Exit code 1 when an answer departs from the document.
 */

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '300' },
    examples: { type: 'string', default: '50' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});

const place = await makePlace();
const key = `lrl_${randomBytes(32).toString('base64url')}`;
const keyFile = join(place.directory, 'admin-key');
await writeFile(keyFile, key);
const running = place.up({
  // Opens it like a HOST that others reach, which a test must not have.
  TRUST_PROXY: '192.0.2.1',
  ADMIN_KEY_FILE: keyFile,
  RATE_LIMIT: '0',
  GHARCHIVE_DIR: join(PROJECT, 'test/fixtures/gharchive'),
});
try {
  const [, url = ''] = await running.until(/API\s+(http:\/\/\S+?)\/\n/);
  const { isClean } = await fuzz({
    url,
    key,
    examples: Number(values.examples),
    phases: ['examples', 'coverage', 'fuzzing', 'stateful'],
    maxSeconds: Number(values.seconds),
    seed: Number(values.seed),
    onOutput: (text) => process.stdout.write(text),
  });
  process.exitCode = isClean ? 0 : 1;
} finally {
  running.child.kill('SIGTERM');
  await running.ended;
  await place.remove();
}
