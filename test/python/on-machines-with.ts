/**
 * Prepares what a machine may lack. @returns whether it is there: where it is not, tests that need it are left out, which `warning`
 * says on stderr. @throws where CI is true: nothing is left out there.
 */
export async function onMachinesWith(warning: string, prepare: () => Promise<unknown>): Promise<boolean> {
  try {
    await prepare();
    return true;
  } catch (error) {
    if (process.env['CI'] === 'true') throw error;
    process.stderr.write(`${warning} ${error instanceof Error ? error.message : String(error)}\n`);
    return false;
  }
}
