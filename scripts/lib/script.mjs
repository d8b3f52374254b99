import { SetupError } from './setup-error.mjs';

/**
 * Runs a script's `main` with its command line; what that returns is the exit code. A machine that lacks something is told so in
 * one sentence, not in a stack trace.
 * @param {(args: string[]) => Promise<number>} main
 */
export async function script(main) {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
