import { loadEnvFile } from 'node:process';

/** The environment with what `.env` of the working directory adds to it; a variable that is set wins over the file. */
export function readEnvironment(): Readonly<Record<string, string | undefined>> {
  try {
    loadEnvFile('.env');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
  return process.env;
}
