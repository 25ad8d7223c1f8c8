import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import { ENVIRONMENT } from '../../src/config.ts';
import { onMachinesWith } from '../python/on-machines-with.ts';
import { installKubernetesSchema, problemsOf } from './kubernetes-schema.ts';

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec?: { readonly template?: { readonly spec: PodSpec } };
}
interface PodSpec {
  readonly automountServiceAccountToken: boolean;
  readonly securityContext: unknown;
  readonly terminationGracePeriodSeconds?: number;
  readonly containers: readonly { readonly args: readonly string[]; readonly securityContext: unknown; readonly resources: unknown }[];
}

const directory = new URL('../../deploy/kubernetes/', import.meta.url);
const pathOf = (name: string): string => new URL(name, directory).pathname;
const textOf = (name: string): string => readFileSync(pathOf(name), 'utf8');
const { resources } = parse(textOf('kustomization.yaml')) as { readonly resources: readonly string[] };
const manifests = resources.flatMap((name) => parseAllDocuments(textOf(name)).map((document) => document.toJS() as Manifest));
const podOf = (name: string): PodSpec | undefined => manifests.find(({ metadata }) => metadata.name === name)?.spec?.template?.spec;

describe('the Kubernetes manifests', () => {
  describe('held against the schemas of the API of Kubernetes', () => {
    let isThere = false;
    beforeAll(async () => {
      isThere = await onMachinesWith('The Kubernetes manifests are NOT checked.', installKubernetesSchema);
    }, 10 * 60_000);

    test('have no mistake, and no field it does not describe', async () => {
      if (!isThere) return;
      expect(await problemsOf(resources.map(pathOf))).toEqual([]);
    });

    test('would be refused with a mistyped field', async () => {
      if (!isThere) return;
      const place = mkdtempSync(join(tmpdir(), 'laurels-manifest-'));
      try {
        writeFileSync(join(place, 'api.yaml'), textOf('api.yaml').replace('replicas:', 'replicass:'));
        expect(await problemsOf([join(place, 'api.yaml')])).toEqual(expect.arrayContaining([expect.stringMatching(/replicass/)]));
      } finally {
        rmSync(place, { recursive: true });
      }
    });
  });

  test('pods run without root, without rights, on a file system they can only read, within limits', () => {
    const pods = manifests.flatMap(({ spec }) => (spec?.template === undefined ? [] : [spec.template.spec]));
    expect(pods).toHaveLength(3);
    for (const { automountServiceAccountToken, securityContext, containers } of pods) {
      expect(automountServiceAccountToken).toBe(false);
      expect(securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
      for (const container of containers) {
        expect(container.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        expect(container.resources).toMatchObject({ requests: expect.anything(), limits: { memory: expect.any(String) } });
        expect(existsSync(new URL(`../../${container.args[0]}`, directory))).toBe(true);
      }
    }
  });

  test('a worker gets longer to end than it takes to force its activities', () => {
    expect(podOf('laurels-worker')?.terminationGracePeriodSeconds).toBeGreaterThan(30);
  });

  test('settings and secrets are variables that Laurels reads, and no secret is set', () => {
    const entriesOf = (name: string): readonly (readonly [string, string])[] =>
      textOf(name)
        .split('\n')
        .filter((line) => /^(?:# )?[A-Z_]+=/.test(line))
        .map((line) => line.replace(/^# /, ''))
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const);
    const names = [...entriesOf('settings.env'), ...entriesOf('secrets.example.env')].map(([name]) => name);
    expect(Object.keys(ENVIRONMENT.shape)).toEqual(expect.arrayContaining(names));
    // The build that workers call themselves by is the image's.
    const { images } = parse(textOf('kustomization.yaml')) as { readonly images: readonly { readonly newTag: string }[] };
    expect(entriesOf('settings.env')).toContainEqual(['TEMPORAL_WORKER_BUILD', images[0]?.newTag]);
  });
});
