import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { ENVIRONMENT } from '../../src/config.ts';
import { onMachinesWith } from '../python/on-machines-with.ts';
import { composeSpecification } from './compose-specification.ts';

interface Service {
  readonly image: string;
  readonly user?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly restart?: string;
  readonly ports?: readonly string[];
  readonly networks?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: unknown;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly command?: readonly string[];
  readonly profiles?: readonly string[];
  readonly volumes?: readonly string[];
}
interface ComposeFile {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean } | null>>;
  readonly volumes: Readonly<Record<string, null>>;
}

const root = new URL('../../', import.meta.url);
const textOf = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const composeFile = (path: string): ComposeFile => parse(textOf(path), { merge: true }) as ComposeFile;
const PATHS = ['docker-compose.yml', 'deploy/compose/on-this-machine.yml'] as const;
const { services, networks, volumes } = composeFile('docker-compose.yml');
const everyService = Object.entries(services);
const isOneShot = ({ restart }: Service): boolean => restart === 'no';

describe('the compose files', () => {
  let isCompose: ValidateFunction;
  let isThere = false;
  beforeAll(async () => {
    isThere = await onMachinesWith('The compose files are NOT checked.', async () => {
      isCompose = await composeSpecification();
    });
  });

  test.each(PATHS)('%s is one by the published specification', (path) => {
    if (!isThere) return;
    isCompose(composeFile(path));
    expect(isCompose.errors ?? []).toEqual([]);
  });

  test('and the specification refuses a mistyped one', () => {
    if (!isThere) return;
    expect(isCompose({ services: { api: { imagge: 'x' } } })).toBe(false);
  });
});

describe('A142: docker-compose.yml', () => {
  test.each(everyService)('%s runs without root, without rights, on a file system it can only read', (_, service) => {
    expect(service.user).toMatch(/^(?!0|root)/);
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
  });

  test.each(everyService)('%s is a pinned image', (_, { image }) => {
    expect(image).toMatch(/^(?:laurels:\$\{LAURELS_VERSION:-local\}|[a-z/-]+:\d+\.\d+[\w.-]*)$/);
  });

  test('publishes the API and the Web UI, on loopback, and nothing else', () => {
    expect(Object.fromEntries(everyService.flatMap(([name, { ports }]) => (ports === undefined ? [] : [[name, ports]])))).toEqual({
      api: ['127.0.0.1:${LAURELS_PORT:-8000}:8000'],
      'temporal-ui': ['127.0.0.1:${TEMPORAL_UI_PORT:-8080}:8080'],
    });
  });

  test('the file for this machine publishes the databases on loopback only', () => {
    const ports = Object.values(composeFile('deploy/compose/on-this-machine.yml').services).flatMap((service) => service.ports ?? []);
    expect(ports).toEqual(['127.0.0.1:5433:5433', '127.0.0.1:7233:7233']);
  });

  test('knows no password: each is asked for', () => {
    const secret = /PASSWORD|PWD|OPT_OUT_KEY|DATABASE_URL/;
    const values = everyService.flatMap(([, { environment }]) => Object.entries(environment ?? {}).filter(([name]) => secret.test(name)));
    expect(values.length).toBeGreaterThan(5);
    for (const [, value] of values) expect(value).toMatch(/\$\{\w+:\?run deploy\/compose\/make-secrets\.sh\}/);
    const asked = new Set(values.flatMap(([, value]) => [...value.matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name)));
    const made = execFileSync(new URL('deploy/compose/make-secrets.sh', root).pathname, { encoding: 'utf8' });
    const lines = made.trim().split('\n');
    expect(new Set(lines.map((line) => line.split('=')[0]))).toEqual(asked);
    for (const line of lines) expect(line).toMatch(/^\w+=[0-9a-f]{48,}$/);
  });

  test('databases and engine have no way out', () => {
    const internal = Object.entries(networks).flatMap(([name, network]) => (network?.internal === true ? [name] : []));
    for (const name of ['postgres', 'temporal-postgres', 'temporal']) {
      expect(internal).toEqual(expect.arrayContaining([...(services[name]?.networks ?? [])]));
    }
    // Temporal's database is reached by Temporal alone.
    const reach = everyService.flatMap(([name, service]) => (service.networks?.includes('temporal-database') === true ? [name] : []));
    expect(reach).toEqual(['temporal-postgres', 'temporal-schema', 'temporal']);
  });

  test('what stays has a health check and is started again, what runs once is not', () => {
    for (const [name, service] of everyService) {
      if (isOneShot(service)) continue;
      expect([name, service.restart]).toEqual([name, 'unless-stopped']);
      expect([name, service.healthcheck]).toEqual([name, expect.anything()]);
    }
    expect(everyService.flatMap(([name, service]) => (isOneShot(service) ? [name] : []))).toEqual([
      'temporal-schema',
      'temporal-namespace',
      'migrate',
      'laurels',
    ]);
  });

  test('waits for what runs once to be done, and for what stays to be healthy', () => {
    for (const { depends_on } of Object.values(services)) {
      for (const [name, { condition }] of Object.entries(depends_on ?? {})) {
        const needed = services[name];
        expect(needed).toBeDefined();
        expect(condition).toBe(isOneShot(needed as Service) ? 'service_completed_successfully' : 'service_healthy');
      }
    }
  });

  test('runs entry files that are there, and sets only variables that Laurels reads', () => {
    const ours = everyService.filter(([, { image }]) => image.startsWith('laurels:'));
    expect(ours.map(([name]) => name)).toEqual(['migrate', 'api', 'worker', 'laurels']);
    for (const [, { command, environment }] of ours) {
      const file = command?.[0] ?? '';
      if (file.startsWith('src/')) expect(existsSync(new URL(file, root))).toBe(true);
      expect(Object.keys(ENVIRONMENT.shape)).toEqual(expect.arrayContaining(Object.keys(environment ?? {})));
    }
  });

  test('keeps everything that must last in volumes, and mounts only files that are there', () => {
    const mounts = everyService.flatMap(([, service]) => service.volumes ?? []).map((mount) => mount.split(':')[0] as string);
    const named = mounts.filter((source) => !source.startsWith('.'));
    expect(new Set(named)).toEqual(new Set(Object.keys(volumes)));
    for (const source of mounts.filter((mount) => mount.startsWith('.'))) expect(existsSync(new URL(source, root))).toBe(true);
  });
});
