import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
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
const whole = <F extends number | null>(fallback: F, least: number, most: number) =>
  optional.transform((value, context) => {
    if (value === undefined) return fallback;
    const number = Number(value);
    if (/^\d+$/.test(value) && number >= least && number <= most) return number;
    context.addIssue({ code: 'custom', message: `must be a whole number from ${least} to ${most}, not "${value}"` });
    return z.NEVER;
  });
const flag = optional.transform((value, context) => {
  if (value === undefined || /^(false|0)$/i.test(value)) return false;
  if (/^(true|1)$/i.test(value)) return true;
  context.addIssue({ code: 'custom', message: `must be true or false, not "${value}"` });
  return z.NEVER;
});
/** A private key as PEM: its text, line ends as `\\n` allowed, or the path of a file with it. What is given is never shown: it may be the key. */
const privateKey = optional.transform((value, context) => {
  if (value === undefined) return undefined;
  const refuse = (message: string): never => {
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  };
  let pem: string;
  try {
    pem = value.includes('-----BEGIN') ? value.replaceAll('\\n', '\n') : readFileSync(value, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return refuse(`must be a PEM key (-----BEGIN …), or the path of a file with one that can be read (${code ?? 'failed'})`);
  }
  try {
    if (createPrivateKey(pem).asymmetricKeyType !== 'rsa') return refuse('must be an RSA key: GitHub makes no other');
  } catch {
    return refuse('is not a private key in PEM form: is it whole, with its first and last line?');
  }
  return pem;
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
const isHost = (host: string): boolean => isIP(host) !== 0 || /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(host);
const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
/** Names for ranges of addresses, as people know them from Express and nginx. */
const RANGES: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};
const isRange = (range: string): boolean => {
  const [, network = '', bits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(range) ?? [];
  return isIP(network) !== 0 && Number(bits) <= (isIP(network) === 6 ? 128 : 32);
};
/** Addresses, ranges and their names, all as ranges. */
const ranges = list.transform((words, context) => {
  const found = words.flatMap((word) => RANGES[word] ?? [isIP(word) === 0 ? word : `${word}/${isIP(word) === 6 ? 128 : 32}`]);
  if (found.every(isRange)) return found;
  context.addIssue({
    code: 'custom',
    message: 'must be a comma-separated list of addresses, ranges like 10.0.0.0/8, loopback, uniquelocal',
  });
  return z.NEVER;
});

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
  TEMPORAL_WORKER_DEPLOYMENT: optional,
  TEMPORAL_WORKER_BUILD: optional,
  WORKFLOW_BUNDLE: optional,
  HOST: optional.default('127.0.0.1').refine(isHost, { error: 'must be an address or a host name to listen on' }),
  PORT: whole(8000, 0, 65_535),
  ALLOWED_HOSTS: list,
  PUBLIC_READS: flag,
  ADMIN_KEY_FILE: optional,
  TRUST_PROXY: ranges,
  RATE_LIMIT: whole(600, 0, 1_000_000),
  GITHUB_TOKEN: list,
  GITHUB_APP_ID: optional.refine((value) => value === undefined || /^[\w.-]+$/.test(value), {
    error: "must be the App's id or its client id",
  }),
  GITHUB_APP_PRIVATE_KEY: privateKey,
  GITHUB_API_URL: url(['http:', 'https:']),
  ALLOW_PRIVATE: flag,
  GITHUB_AVATAR_URL: url(['http:', 'https:']),
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
  AUDIT_RETENTION_DAYS: whole(365, 1, 3650),
  LOG_LEVEL: optional.default('info').refine((level) => ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'].includes(level), {
    error: 'must be fatal, error, warn, info, debug, trace or silent',
  }),
  METRICS_PORT: whole(null, 0, 65_535),
  METRICS_HOST: optional.default('127.0.0.1').refine(isHost, { error: 'must be an address or a host name to listen on' }),
  OTEL_EXPORTER_OTLP_ENDPOINT: url(['http:', 'https:']),
  OTEL_EXPORTER_OTLP_HEADERS: list.refine((pairs) => pairs.every((pair) => /^[^=\s]+=.+$/.test(pair)), {
    error: 'must be a comma-separated list of name=value',
  }),
  LAURELS_URL: url(['http:', 'https:']),
  LAURELS_API_KEY: optional.refine((key) => key === undefined || /^lrl_[A-Za-z0-9_-]{43}$/.test(key), {
    error: 'must be an API key: lrl_ and 43 characters',
  }),
  OPT_OUT_KEY: optional.refine((key) => key === undefined || key.length >= 24, { error: 'must have at least 24 characters' }),
  X_API_KEY: optional,
  ENRICH_WEBSITES: flag,
  ENRICH_EMAILS: flag,
});

/** What Temporal tells workers of different releases apart by. */
interface WorkerVersion {
  readonly deploymentName: string;
  readonly buildId: string;
}

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
    /** The deployment and the build this process is of: it goes on with what its own build began. Null: workers are not told apart. */
    readonly workerVersion: WorkerVersion | null;
  };
  /** Path of the workflows' code as one file; null: it is made at the start. */
  readonly workflowBundle: string | null;
  readonly http: {
    readonly host: string;
    readonly port: number;
    readonly allowedHosts: readonly string[];
    /** Others than this machine reach the API, by HOST or through a proxy that TRUST_PROXY names: they need a key. */
    readonly isExposed: boolean;
    readonly publicReads: boolean;
    readonly trustedProxies: readonly string[];
    /** Of a key, or of an address without one; 0: any number. */
    readonly requestsPerMinute: number;
    /** A file that holds an admin's key. */
    readonly adminKeyFile: string | null;
  };
  readonly github: {
    readonly tokens: readonly string[];
    /** A GitHub App; `privateKey` is PEM. */
    readonly app: { readonly id: string; readonly privateKey: string } | null;
    readonly apiUrl: string;
    /** Private repositories may be read. */
    readonly allowPrivate: boolean;
    /** Where repositories can be looked at. */
    readonly webUrl: string;
    /** Where pictures of accounts come from. */
    readonly avatarUrl: string;
  };
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
  readonly retention: { readonly logDays: number; readonly jobDays: number; readonly auditDays: number };
  readonly logLevel: string;
  /** Where a process tells its metrics without asking for a key; null: nowhere, and the API's /metrics is the only place. */
  readonly metrics: { readonly host: string; readonly port: number; readonly allowedHosts: readonly string[] } | null;
  /** An OpenTelemetry collector that takes traces by OTLP over HTTP; null: nothing is traced. */
  readonly tracing: { readonly endpoint: string; readonly headers: Readonly<Record<string, string>> } | null;
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
  /** The key that the CLI shows. */
  readonly laurelsApiKey: string | null;
}

const GITHUB_API_URL = 'https://api.github.com';

/** The address for people of the GitHub whose API this is: a GitHub Enterprise has both on one host. */
function webUrlOf(apiUrl: string): string {
  return new URL(apiUrl).host === new URL(GITHUB_API_URL).host ? 'https://github.com' : new URL(apiUrl).origin;
}

/**
 * Reads the environment once.
 * @throws InvalidConfiguration naming every variable that is wrong.
 */
export function loadConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const parsed = ENVIRONMENT.safeParse(environment);
  const problems = [
    ...(parsed.error?.issues ?? []).map((issue) => `${issue.path.join('.')}: ${issue.message}`),
    ...lonelyVariables(environment),
  ];
  if (!parsed.success || problems.length > 0) throw new InvalidConfiguration(problems);
  const env = parsed.data;
  if (env.PUBLIC_READS && env.ALLOW_PRIVATE) {
    throw new InvalidConfiguration(['PUBLIC_READS: must not be true where ALLOW_PRIVATE is: nothing of a private repository is public']);
  }
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
      workerVersion:
        env.TEMPORAL_WORKER_DEPLOYMENT === undefined || env.TEMPORAL_WORKER_BUILD === undefined
          ? null
          : { deploymentName: env.TEMPORAL_WORKER_DEPLOYMENT, buildId: env.TEMPORAL_WORKER_BUILD },
    },
    workflowBundle: env.WORKFLOW_BUNDLE === undefined ? null : resolve(env.WORKFLOW_BUNDLE),
    http: {
      host: env.HOST,
      port: env.PORT,
      allowedHosts: env.ALLOWED_HOSTS,
      isExposed: !isLoopback(env.HOST) || env.TRUST_PROXY.length > 0,
      publicReads: env.PUBLIC_READS,
      trustedProxies: env.TRUST_PROXY,
      requestsPerMinute: env.RATE_LIMIT,
      adminKeyFile: env.ADMIN_KEY_FILE === undefined ? null : resolve(env.ADMIN_KEY_FILE),
    },
    github: {
      tokens: env.GITHUB_TOKEN,
      app:
        env.GITHUB_APP_ID === undefined || env.GITHUB_APP_PRIVATE_KEY === undefined
          ? null
          : { id: env.GITHUB_APP_ID, privateKey: env.GITHUB_APP_PRIVATE_KEY },
      apiUrl: env.GITHUB_API_URL ?? GITHUB_API_URL,
      allowPrivate: env.ALLOW_PRIVATE,
      webUrl: webUrlOf(env.GITHUB_API_URL ?? GITHUB_API_URL),
      avatarUrl: env.GITHUB_AVATAR_URL ?? 'https://avatars.githubusercontent.com',
    },
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
    retention: { logDays: env.LOG_RETENTION_DAYS, jobDays: env.JOB_RETENTION_DAYS, auditDays: env.AUDIT_RETENTION_DAYS },
    logLevel: env.LOG_LEVEL,
    metrics: env.METRICS_PORT === null ? null : { host: env.METRICS_HOST, port: env.METRICS_PORT, allowedHosts: env.ALLOWED_HOSTS },
    tracing:
      env.OTEL_EXPORTER_OTLP_ENDPOINT === undefined
        ? null
        : {
            endpoint: env.OTEL_EXPORTER_OTLP_ENDPOINT,
            headers: Object.fromEntries(env.OTEL_EXPORTER_OTLP_HEADERS.map((pair) => pair.split(/=(.*)/s).slice(0, 2) as [string, string])),
          },
    laurelsUrl: env.LAURELS_URL ?? null,
    laurelsApiKey: env.LAURELS_API_KEY ?? null,
    optOutKey: env.OPT_OUT_KEY ?? null,
    enrichment: { xApiKey: env.X_API_KEY ?? null, websites: env.ENRICH_WEBSITES, emails: env.ENRICH_EMAILS },
  });
}

/** Of variables that belong together, those whose other half is missing. */
function lonelyVariables(environment: Readonly<Record<string, string | undefined>>): readonly string[] {
  const isSet = (name: string): boolean => (environment[name] ?? '').trim() !== '';
  const pairs = [
    ['GITHUB_APP_ID', 'GITHUB_APP_PRIVATE_KEY'],
    ['TEMPORAL_WORKER_DEPLOYMENT', 'TEMPORAL_WORKER_BUILD'],
  ] as const;
  return pairs.flatMap(([one, other]) => {
    if (isSet(one) === isSet(other)) return [];
    return isSet(one) ? [`${other}: is missing, but ${one} is set`] : [`${one}: is missing, but ${other} is set`];
  });
}
