/** GitHub Apps: a signed JWT gets installation tokens, which run out. */
import { createPublicKey, createVerify } from 'node:crypto';
import type { Json } from './rest-resources.ts';

export interface FakeApp {
  readonly id: number;
  /** PEM; without it a JWT's signature is not checked. */
  readonly publicKey?: string;
  readonly installations: readonly { readonly id: number; readonly ownerId: number }[];
  /** An hour on GitHub. */
  readonly tokenLifetimeMs: number;
}

interface InstallationToken {
  readonly installationId: number;
  readonly expiresAt: number;
}

export class AppTokens {
  readonly #app: FakeApp | null;
  readonly #now: () => Date;
  readonly #tokens = new Map<string, InstallationToken>();

  constructor(app: FakeApp | null, now: () => Date) {
    this.#app = app;
    this.#now = now;
  }

  /** How many tokens were given out. */
  get given(): number {
    return this.#tokens.size;
  }

  /** `valid` or `expired` for a token given out here, null for any other. */
  stateOf(token: string): 'valid' | 'expired' | null {
    const known = this.#tokens.get(token);
    if (known === undefined) return null;
    return known.expiresAt > this.#now().getTime() ? 'valid' : 'expired';
  }

  /** Whether the app's JWT is one GitHub would take. */
  isAppJwt(token: string | null): boolean {
    const [head, payload, signature] = token?.split('.') ?? [];
    if (this.#app === null || head === undefined || payload === undefined || signature === undefined) return false;
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { iss?: unknown; exp?: unknown; iat?: unknown };
    const now = this.#now().getTime() / 1000;
    const isTimely =
      typeof claims.exp === 'number' &&
      claims.exp > now &&
      claims.exp <= now + 660 &&
      typeof claims.iat === 'number' &&
      claims.iat <= now + 60;
    const isSigned =
      this.#app.publicKey === undefined ||
      createVerify('RSA-SHA256').update(`${head}.${payload}`).verify(createPublicKey(this.#app.publicKey), signature, 'base64url');
    return String(claims.iss) === String(this.#app.id) && isTimely && isSigned;
  }

  /** Answers the paths that an app asks with its JWT; null for any other path. `ownerOf` finds whose repository it is. */
  answer(
    method: string,
    path: string,
    ownerOf: (owner: string, name: string) => number | null,
  ): { status: number; body: Json | Json[] } | null {
    const app = this.#app;
    if (app === null) return null;
    const describe = (one: FakeApp['installations'][number]): Json => ({
      id: one.id,
      app_id: app.id,
      target_id: one.ownerId,
      permissions: { metadata: 'read' },
    });
    if (method === 'GET' && path === '/app') return { status: 200, body: { id: app.id, slug: 'laurels', name: 'Laurels' } };
    if (method === 'GET' && path === '/app/installations') return { status: 200, body: app.installations.map(describe) };
    const named = /^\/repos\/([^/]+)\/([^/]+)\/installation$/.exec(path);
    if (method === 'GET' && named !== null) {
      const ownerId = ownerOf(named[1] as string, named[2] as string);
      const installation = app.installations.find((one) => one.ownerId === ownerId);
      return installation === undefined ? { status: 404, body: { message: 'Not Found' } } : { status: 200, body: describe(installation) };
    }
    const wanted = /^\/app\/installations\/(\d+)\/access_tokens$/.exec(path);
    if (method === 'POST' && wanted !== null) {
      const installation = app.installations.find((one) => one.id === Number(wanted[1]));
      if (installation === undefined) return { status: 404, body: { message: 'Not Found' } };
      const token = `ghs_fake${String(this.#tokens.size + 1).padStart(32, '0')}`;
      const expiresAt = this.#now().getTime() + app.tokenLifetimeMs;
      this.#tokens.set(token, { installationId: installation.id, expiresAt });
      return {
        status: 201,
        body: { token, expires_at: new Date(expiresAt).toISOString(), permissions: { metadata: 'read' }, repository_selection: 'all' },
      };
    }
    return null;
  }
}
