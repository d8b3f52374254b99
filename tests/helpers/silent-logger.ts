import type { Logger } from '../../src/logger.ts';

/** A logger for tests that do not look at what is logged. */
export const silentLogger: Logger = {
  error: () => {},
  warn: () => {},
  info: () => {},
  debug: () => {},
  child: () => silentLogger,
};
