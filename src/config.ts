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
const onOff = optional.transform((value, context) => {
  if (value === undefined || value === 'false') return false;
  if (value === 'true') return true;
  context.addIssue({ code: 'custom', message: `must be true or false, not "${value}"` });
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
  OPT_OUT_KEY: optional.refine((key) => key === undefined || key.length >= 24, { error: 'must have at least 24 characters' }),
  X_API_KEY: optional,
  ENRICH_WEBSITES: onOff,
  ENRICH_EMAILS: onOff,
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
  readonly bigquery: { readonly project: string | null; readonly apiEndpoint: string | null };
  /** The sources that SOURCES names, in order of preference; empty: all that are configured. */
  readonly sources: readonly SourceName[];
  readonly maxConcurrentScrapes: number;
  readonly staleAfterHours: number;
  readonly fullScrapeDays: number;
  readonly retention: { readonly logDays: number; readonly jobDays: number };
  readonly logLevel: string;
  /** The key of opt-outs; null: the one in the data directory. */
  readonly optOutKey: string | null;
  readonly enrichment: {
    /** Null: X is not asked. */
    readonly xApiKey: string | null;
    /** Whether the websites that profiles name are read. */
    readonly websites: boolean;
    /** Whether public e-mail addresses are stored. */
    readonly emails: boolean;
  };
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
    bigquery: { project: env.BIGQUERY_PROJECT ?? null, apiEndpoint: env.BIGQUERY_API_ENDPOINT ?? null },
    sources: env.SOURCES as readonly SourceName[],
    maxConcurrentScrapes: env.MAX_CONCURRENT_SCRAPES,
    staleAfterHours: env.STALE_AFTER_HOURS,
    fullScrapeDays: env.FULL_SCRAPE_DAYS,
    retention: { logDays: env.LOG_RETENTION_DAYS, jobDays: env.JOB_RETENTION_DAYS },
    logLevel: env.LOG_LEVEL,
    laurelsUrl: env.LAURELS_URL ?? null,
    optOutKey: env.OPT_OUT_KEY ?? null,
    enrichment: { xApiKey: env.X_API_KEY ?? null, websites: env.ENRICH_WEBSITES, emails: env.ENRICH_EMAILS },
  });
}
