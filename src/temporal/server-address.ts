import { readFile } from 'node:fs/promises';
import type { TLSConfig } from '@temporalio/client';

/** Where Temporal is and how to be let in. */
export interface TemporalServer {
  /** `host:port` of its gRPC front end. */
  readonly address: string;
  readonly namespace: string;
  readonly apiKey?: string;
  /** `true`: TLS with the system's certificates. */
  readonly tls?: TLSConfig | true;
}

/** The settings as the environment gives them: paths of PEM files, null for what is not set. */
export interface TemporalSettings {
  readonly namespace: string;
  readonly apiKey: string | null;
  readonly tls: { readonly cert: string | null; readonly key: string | null; readonly ca: string | null } | null;
}

/** Reads the certificates that the settings name. @throws the file system's error for one that can't be read. */
export async function temporalServerOf(address: string, { namespace, apiKey, tls }: TemporalSettings): Promise<TemporalServer> {
  const pem = async (path: string | null): Promise<Buffer | undefined> => (path === null ? undefined : await readFile(path));
  const [crt, key, ca] = tls === null ? [] : await Promise.all([pem(tls.cert), pem(tls.key), pem(tls.ca)]);
  const config: TLSConfig = {
    ...(ca === undefined ? {} : { serverRootCACertificate: ca }),
    ...(crt === undefined || key === undefined ? {} : { clientCertPair: { crt, key } }),
  };
  return {
    address,
    namespace,
    // A key is sent over TLS only.
    ...(apiKey === null ? {} : { apiKey }),
    ...(tls === null && apiKey === null ? {} : { tls: tls === null ? true : config }),
  };
}
