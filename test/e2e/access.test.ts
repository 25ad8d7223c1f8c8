import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { makePlace, type Place, type Running } from './laurels.ts';

describe('Laurels opened to others', () => {
  let place: Place;
  let running: Running | null = null;
  beforeAll(async () => {
    place = await makePlace();
  });
  afterEach(async () => {
    running?.child.kill('SIGTERM');
    await running?.ended;
    running = null;
  });
  afterAll(() => place.remove());

  test('A021: does not start before there is an admin key', async () => {
    const { code, stderr } = await place.up({ HOST: '0.0.0.0' }).ended;
    expect(code).toBe(2);
    expect(stderr).toMatch(/there is no admin key yet.* key create NAME --scope admin/);
  });

  test('starts with one, which the commands show; revoked while it runs, it is out of force at once', async () => {
    const created = await place.laurels(['key', 'create', 'boss', '--scope', 'admin']);
    expect(created).toMatchObject({ code: 0, stdout: expect.stringMatching(/^lrl_[\w-]{43}\n$/) });
    const LAURELS_API_KEY = created.stdout.trim();

    // As open as with another HOST, but for this machine's network.
    running = place.up({ TRUST_PROXY: '192.0.2.1' });
    const [, url] = await running.until(/API\s+(http:\/\/\S+?)\/\n/);
    expect((await fetch(`${url}/api/v1/jobs`)).status).toBe(401);
    expect(await place.laurels(['board'])).toMatchObject({ code: 1, stderr: expect.stringMatching(/Set LAURELS_API_KEY/) });
    expect(await place.laurels(['board'], { LAURELS_API_KEY })).toMatchObject({ code: 0, stdout: expect.stringMatching(/sample/) });
    expect((await place.laurels(['recalculate'], { LAURELS_API_KEY })).code).toBe(0);
    const audit = await place.laurels(['audit', '--actor', 'boss'], { LAURELS_API_KEY });
    expect(audit.stdout).toMatch(/boss +202 +POST \/api\/v1\/leaderboard\/recalculate/);

    expect((await place.laurels(['key', 'list'])).stdout).toMatch(/^boss +admin/m);
    expect((await place.laurels(['key', 'create', 'boss'])).code).toBe(4);
    expect((await place.laurels(['key', 'create', 'local'])).code).toBe(2);
    expect(await place.laurels(['key', 'revoke', 'boss'])).toMatchObject({ code: 0, stdout: 'Key "boss" is revoked.\n' });
    expect((await place.laurels(['key', 'revoke', 'boss'])).code).toBe(3);
    expect(await place.laurels(['board'], { LAURELS_API_KEY })).toMatchObject({ code: 1, stderr: expect.stringMatching(/not in force/) });
  });
});
