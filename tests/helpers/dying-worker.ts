/** The program of a worker that dies where the variable DIES says; see the fixture. */
export const DYING_WORKER: readonly string[] = [
  '--import',
  './scripts/lib/ts-loader.mjs',
  'tests/fixtures/e2e/dying-worker.ts',
];
