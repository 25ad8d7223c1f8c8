import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { z } from 'zod';
import { SOURCE_NAMES, type SourceName } from './domain/contribution.ts';
import { AppError } from './domain/errors.ts';

/** The environment is wrong: every problem at once, each with the variable's name. Exit code 2. */
export class InvalidConfiguration extends AppError {
  constructor(problems: readonly string[]) {
    super('invalid_configuration', 500, `The configuration is wrong:\n${problems.map((problem) => `  ${problem}`).join('\n')}`, {
      problems,
    });
  }
}

const text = z.string().trim();
const optional = text.optional().transform((value) => (value === '' ? undefined : value));
const list = optional.transform(
  (value) =>
    value
      ?.split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '') ?? [],
);
const url = (protocols: readonly string[]) =>
  optional.refine((value) => value === undefined || (URL.canParse(value) && protocols.includes(new URL(value).protocol)), {
    error: `must be a URL with ${protocols.join(' or ')}`,
  });
const whole = (fallback: number, least: number, most: number) =>
  optional.transform((value, context) => {
    if (value === undefined) return fallback;
    const number = Number(value);
    if (/^\d+$/.test(value) && number >= least && number <= most) return number;
    context.addIssue({ code: 'custom', message: `must be a whole number from ${least} to ${most}, not "${value}"` });
    return z.NEVER;
  });
const UNITS: Readonly<Record<string, number>> = { k: 1, m: 2, g: 3, t: 4 };
/** A number of bytes, plain or with a unit: `7000000000`, `500GB`, `1.5TiB`. */
const bytes = optional.transform((value, context) => {
  if (value === undefined) return null;
  const [, number = '', unit = '', binary] = /^(\d+(?:\.\d+)?)\s*(?:([kmgt])(i)?)?b?$/i.exec(value) ?? [];
  const most = Number(number) * (binary === undefined ? 1000 : 1024) ** (UNITS[unit.toLowerCase()] ?? 0);
  if (number !== '' && most >= 1 && most <= Number.MAX_SAFE_INTEGER) return Math.trunc(most);
  context.addIssue({ code: 'custom', message: `must be a number of bytes like 1000000000, 500GB or 1.5TiB, not "${value}"` });
  return z.NEVER;
});
const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));

/** Every variable Laurels reads. `.env.example` describes them; a test holds the two together. */
export const ENVIRONMENT = z.object({
  DATA_DIR: optional.default('.data'),
  DATABASE_URL: url(['postgres:', 'postgresql:']),
  TEMPORAL_ADDRESS: optional.refine((value) => value === undefined || /^[^\s/:]+:\d+$/.test(value), { error: 'must be host:port' }),
  TEMPORAL_NAMESPACE: optional.default('default'),
  TEMPORAL_API_KEY: optional,
  TEMPORAL_TLS_CERT: optional,
  TEMPORAL_TLS_KEY: optional,
  TEMPORAL_TLS_CA: optional,
  TEMPORAL_UI_URL: url(['http:', 'https:']),
  TEMPORAL_CLI: optional,
  HOST: optional.default('127.0.0.1').refine(isLoopback, {
    error: 'must be a loopback address (127.0.0.1, ::1, localhost): this version has no access keys, so it does not listen to others',
  }),
  PORT: whole(8000, 0, 65_535),
  ALLOWED_HOSTS: list,
  GITHUB_TOKEN: list,
  GITHUB_API_URL: url(['http:', 'https:']),
  GHARCHIVE_DIR: optional,
  BIGQUERY_PROJECT: optional,
  BIGQUERY_API_ENDPOINT: url(['http:', 'https:']),
  BIGQUERY_MONTHLY_BYTES: bytes,
  BIGQUERY_MAX_BYTES_BILLED: bytes,
  BIGQUERY_PRICE_PER_TIB: optional.default('6.25').transform((value, context) => {
    if (/^\d{1,6}(?:\.\d{1,4})?$/.test(value)) return Number(value);
    context.addIssue({ code: 'custom', message: `must be a price in USD like 6.25, not "${value}"` });
    return z.NEVER;
  }),
  BIGQUERY_BATCH_WAIT: whole(60, 0, 86_400),
  BIGQUERY_DATASET: optional.refine((value) => value === undefined || /^\w{1,1024}$/.test(value), {
    error: 'must be the name of a dataset in BIGQUERY_PROJECT: letters, digits and _',
  }),
  SOURCES: list.refine((names) => names.every((name) => (SOURCE_NAMES as readonly string[]).includes(name) && name !== 'sample'), {
    error: `must be a comma-separated list of ${SOURCE_NAMES.filter((name) => name !== 'sample').join(', ')}`,
  }),
  MAX_CONCURRENT_SCRAPES: whole(4, 1, 1000),
  STALE_AFTER_HOURS: whole(24, 1, 8760),
  FULL_SCRAPE_DAYS: whole(7, 1, 365),
  LOG_RETENTION_DAYS: whole(30, 1, 3650),
  JOB_RETENTION_DAYS: whole(365, 1, 3650),
  LOG_LEVEL: optional.default('info').refine((level) => ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'].includes(level), {
    error: 'must be fatal, error, warn, info, debug, trace or silent',
  }),
  LAURELS_URL: url(['http:', 'https:']),
});

/** What Laurels runs with: typed, complete, frozen. */
export interface Config {
  /** Absolute path of the data directory: embedded databases, archive mirror, lock. */
  readonly dataDir: string;
  /** Null: the embedded PostgreSQL. */
  readonly databaseUrl: string | null;
  readonly temporal: {
    /** host:port; null: the embedded Temporal. */
    readonly address: string | null;
    readonly namespace: string;
    readonly apiKey: string | null;
    /** Paths of PEM files. */
    readonly tls: { readonly cert: string | null; readonly key: string | null; readonly ca: string | null } | null;
    readonly uiUrl: string | null;
    /** Path of a Temporal CLI to use instead of a found or downloaded one. */
    readonly cli: string | null;
  };
  readonly http: { readonly host: string; readonly port: number; readonly allowedHosts: readonly string[] };
  readonly github: { readonly tokens: readonly string[]; readonly apiUrl: string };
  readonly gharchiveDir: string | null;
  readonly bigquery: {
    /** Pays for queries. */
    readonly project: string | null;
    /** An emulator instead of Google. */
    readonly apiEndpoint: string | null;
    /** Bytes that may be billed in a calendar month (UTC); null: BigQuery is not used. */
    readonly monthlyBytes: number | null;
    /** Bytes that one query may be billed; null: what the month has left. */
    readonly maxBytesBilled: number | null;
    /** USD. */
    readonly pricePerTib: number;
    /** Seconds that a request waits for others to share its query. */
    readonly batchWaitSeconds: number;
    /** Where extracts are kept in a table of their own; null: nowhere. */
    readonly dataset: string | null;
  };
  /** The sources that SOURCES names, in order of preference; empty: all that are configured. */
  readonly sources: readonly SourceName[];
  readonly maxConcurrentScrapes: number;
  readonly staleAfterHours: number;
  readonly fullScrapeDays: number;
  readonly retention: { readonly logDays: number; readonly jobDays: number };
  readonly logLevel: string;
  /** A running Laurels that the CLI talks to. */
  readonly laurelsUrl: string | null;
}

/**
 * Reads the environment once.
 * @throws InvalidConfiguration naming every variable that is wrong.
 */
export function loadConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const parsed = ENVIRONMENT.safeParse(environment);
  if (!parsed.success) throw new InvalidConfiguration(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`));
  const env = parsed.data;
  const hasTls = [env.TEMPORAL_TLS_CERT, env.TEMPORAL_TLS_KEY, env.TEMPORAL_TLS_CA].some((path) => path !== undefined);
  return Object.freeze({
    dataDir: resolve(env.DATA_DIR),
    databaseUrl: env.DATABASE_URL ?? null,
    temporal: {
      address: env.TEMPORAL_ADDRESS ?? null,
      namespace: env.TEMPORAL_NAMESPACE,
      apiKey: env.TEMPORAL_API_KEY ?? null,
      tls: hasTls ? { cert: env.TEMPORAL_TLS_CERT ?? null, key: env.TEMPORAL_TLS_KEY ?? null, ca: env.TEMPORAL_TLS_CA ?? null } : null,
      uiUrl: env.TEMPORAL_UI_URL ?? null,
      cli: env.TEMPORAL_CLI ?? null,
    },
    http: { host: env.HOST, port: env.PORT, allowedHosts: env.ALLOWED_HOSTS },
    github: { tokens: env.GITHUB_TOKEN, apiUrl: env.GITHUB_API_URL ?? 'https://api.github.com' },
    gharchiveDir: env.GHARCHIVE_DIR === undefined ? null : resolve(env.GHARCHIVE_DIR),
    bigquery: {
      project: env.BIGQUERY_PROJECT ?? null,
      apiEndpoint: env.BIGQUERY_API_ENDPOINT ?? null,
      monthlyBytes: env.BIGQUERY_MONTHLY_BYTES,
      maxBytesBilled: env.BIGQUERY_MAX_BYTES_BILLED,
      pricePerTib: env.BIGQUERY_PRICE_PER_TIB,
      batchWaitSeconds: env.BIGQUERY_BATCH_WAIT,
      dataset: env.BIGQUERY_DATASET ?? null,
    },
    sources: env.SOURCES as readonly SourceName[],
    maxConcurrentScrapes: env.MAX_CONCURRENT_SCRAPES,
    staleAfterHours: env.STALE_AFTER_HOURS,
    fullScrapeDays: env.FULL_SCRAPE_DAYS,
    retention: { logDays: env.LOG_RETENTION_DAYS, jobDays: env.JOB_RETENTION_DAYS },
    logLevel: env.LOG_LEVEL,
    laurelsUrl: env.LAURELS_URL ?? null,
  });
}
