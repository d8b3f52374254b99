// Unit tests need nothing but Node; the others start real brokers, BMCs and daemons, and take their time.
const project = (name, more = {}) => ({
  displayName: name,
  testEnvironment: 'node',
  testMatch: [`<rootDir>/tests/${name}/**/*.test.ts`],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } } }] },
  ...more,
});

const patient = (testTimeoutMs) => ({
  globals: { testTimeoutMs },
  setupFilesAfterEnv: ['<rootDir>/tests/helpers/set-timeout.ts'],
  globalSetup: '<rootDir>/tests/helpers/global-setup.ts',
  globalTeardown: '<rootDir>/tests/helpers/global-teardown.ts',
});

export default {
  maxWorkers: 2,
  projects: [
    project('unit'),
    project('model'),
    project('integration', patient(30_000)),
    project('e2e', patient(60_000)),
    // A lab of its own in each test, broker included.
    project('chaos'),
  ],
};
