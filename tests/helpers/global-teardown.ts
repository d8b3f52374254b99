import './global-setup.ts';

/** Ends what all integration and end-to-end tests share, and removes its files. */
export default async function globalTeardown(): Promise<void> {
  await globalThis.rabbitMqOfThisRun?.remove();
}
