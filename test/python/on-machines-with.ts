import { onStderr, type InstallOptions } from './virtual-environment.ts';

/**
 * Prepares what a machine may lack. @returns whether it is there: where it is not, tests that need it are left out, which `warning`
 * says on stderr. @throws where CI is true: nothing is left out there.
 */
export async function onMachinesWith(
  warning: string,
  prepare: () => Promise<unknown>,
  o: Pick<InstallOptions, 'environment' | 'say'> = {},
): Promise<boolean> {
  try {
    await prepare();
    return true;
  } catch (error) {
    if ((o.environment ?? process.env)['CI'] === 'true') throw error;
    (o.say ?? onStderr)(`${warning} ${error instanceof Error ? error.message : String(error)}`);
    return false;
  }
}
