import { jest } from '@jest/globals';

declare global {
  /** How long a test of this project may take; set in jest.config.js. */
  const testTimeoutMs: number;
}

// Jest heeds `testTimeout` only when it is the same for all projects.
jest.setTimeout(testTimeoutMs);
