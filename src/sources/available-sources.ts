import type { SourceName } from '../domain/contribution.ts';
import { BigQueryExtractor } from './bigquery/extractor.ts';
import type { OwnTable } from './bigquery/query.ts';
import { createBigQuerySource } from './bigquery/source.ts';
import type { ContributionSource } from './contribution-source.ts';
import { hasMirror } from './gharchive/importer.ts';
import { createGharchiveSource } from './gharchive/source.ts';
import { NO_METER, type SourceMeter } from './source-meter.ts';
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
  readonly bigquery?: BigQuerySettings;
  readonly log: SourceLog;
  readonly meter?: SourceMeter;
}

/** BigQuery, which is used with a project and a monthly budget only: without one nobody is to be surprised by a bill. */
interface BigQuerySettings {
  readonly project: string | null;
  readonly apiEndpoint: string | null;
  readonly monthlyBytes: number | null;
  readonly maxBytesBilled: number | null;
  readonly pricePerTib: number;
  readonly batchWaitSeconds: number;
  readonly dataset: string | null;
}

/** BigQuery as it may be used. */
interface ReadyBigQuery extends BigQuerySettings {
  readonly monthlyBytes: number;
  readonly extractor: BigQueryExtractor;
  readonly ownTable: OwnTable | null;
}

/** The sources of a process, made once. */
export interface Sources {
  /** Those that can be used now or after an import, preferred first. */
  readonly all: readonly ContributionSource[];
  /** Those that can be used now. To be asked at each use: a first import makes the archive available. */
  available(): readonly ContributionSource[];
  /** Those that are read where nobody says which: without SOURCES, BigQuery is left out where GitHub can be asked, as it costs and adds nothing there. */
  preferred(): readonly ContributionSource[];
  readonly bigquery: ReadyBigQuery | null;
}

const BY_TRUTH = ['github', 'bigquery', 'gharchive'] as const;

/** Makes the sources that are wanted and configured: GitHub with a token or an App, BigQuery with a project and a budget, the archive with a directory or a mirror. */
export function createSources({
  sources: wanted,
  github,
  gharchiveDir,
  mirrorDir,
  bigquery: settings,
  log,
  meter,
}: SourceSettings): Sources {
  const made: Partial<Record<SourceName, { readonly source: ContributionSource; readonly isReady: () => boolean }>> = {
    gharchive: { source: createGharchiveSource({ mirrorDir }), isReady: () => gharchiveDir !== null || hasMirror(mirrorDir) },
  };
  if (github.tokens.length > 0 || github.app !== null) {
    made.github = { source: createGithubSource({ ...github, log, ...(meter === undefined ? {} : { meter }) }), isReady: () => true };
  }
  const bigquery = readyBigQuery(settings, meter);
  if (bigquery !== null) {
    const { extractor, pricePerTib, maxBytesBilled, monthlyBytes } = bigquery;
    const source = createBigQuerySource({
      extractor,
      pricePerTib,
      maximumBytesBilled: Math.min(monthlyBytes, maxBytesBilled ?? monthlyBytes),
    });
    made.bigquery = { source, isReady: () => true };
  }
  const order: readonly SourceName[] = wanted.length === 0 ? BY_TRUTH : wanted;
  const chosen = order.flatMap((name) => made[name] ?? []);
  const available = (): readonly ContributionSource[] => chosen.filter(({ isReady }) => isReady()).map(({ source }) => source);
  return {
    all: chosen.map(({ source }) => source),
    available,
    preferred: () => {
      const usable = available();
      const isSpared = wanted.length === 0 && usable.some(({ name }) => name === 'github');
      return isSpared ? usable.filter(({ name }) => name !== 'bigquery') : usable;
    },
    bigquery,
  };
}

function readyBigQuery(settings: BigQuerySettings | undefined, meter: SourceMeter = NO_METER): ReadyBigQuery | null {
  if (settings === undefined) return null;
  const { project, apiEndpoint, monthlyBytes, dataset } = settings;
  if (project === null || monthlyBytes === null) return null;
  const ownTable = dataset === null ? null : { project, dataset, table: 'laurels_rows' };
  return { ...settings, monthlyBytes, ownTable, extractor: new BigQueryExtractor({ project, apiEndpoint, meter }) };
}
