import type { SourceName } from '../domain/contribution.ts';
import type { ContributionSource } from './contribution-source.ts';
import { hasMirror } from './gharchive/importer.ts';
import { createGharchiveSource } from './gharchive/source.ts';
import type { SourceLog } from './github/client.ts';
import type { GithubApp } from './github/credential.ts';
import { createGithubSource } from './github/source.ts';

/** What decides which sources there are. */
export interface SourceSettings {
  /** SOURCES: the wanted ones in order of preference; empty: all that are configured, the truest first. */
  readonly sources: readonly SourceName[];
  readonly github: {
    readonly tokens: readonly string[];
    readonly app: GithubApp | null;
    readonly apiUrl: string;
    readonly allowPrivate: boolean;
  };
  readonly gharchiveDir: string | null;
  /** Where the archive's mirror lies or will lie. */
  readonly mirrorDir: string;
  readonly log: SourceLog;
}

/** The sources of a process, made once. */
export interface Sources {
  /** Those that can be used now or after an import, preferred first. */
  readonly all: readonly ContributionSource[];
  /** Those that can be used now. To be asked at each use: a first import makes the archive available. */
  available(): readonly ContributionSource[];
}

const BY_TRUTH = ['github', 'gharchive'] as const;

/** Makes the sources that are wanted and configured: GitHub with a token or an App, the archive with a directory or a mirror. */
export function createSources({ sources: wanted, github, gharchiveDir, mirrorDir, log }: SourceSettings): Sources {
  const made: Partial<Record<SourceName, { readonly source: ContributionSource; readonly isReady: () => boolean }>> = {
    gharchive: { source: createGharchiveSource({ mirrorDir }), isReady: () => gharchiveDir !== null || hasMirror(mirrorDir) },
  };
  if (github.tokens.length > 0 || github.app !== null) {
    made.github = { source: createGithubSource({ ...github, log }), isReady: () => true };
  }
  const order: readonly SourceName[] = wanted.length === 0 ? BY_TRUTH : wanted;
  const chosen = order.flatMap((name) => made[name] ?? []);
  return {
    all: chosen.map(({ source }) => source),
    available: () => chosen.filter(({ isReady }) => isReady()).map(({ source }) => source),
  };
}
