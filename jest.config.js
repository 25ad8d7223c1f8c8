/** Jest runs the same TypeScript files that Node runs: swc strips the types, modules stay ES modules. */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2024', experimental: { keepImportAttributes: true } },
        module: { type: 'es6' },
      },
    ],
  },
  testTimeout: 60_000,
  testSequencer: '<rootDir>/test/stack/longest-first.ts',
  globalSetup: '<rootDir>/test/stack/start.ts',
  globalTeardown: '<rootDir>/test/stack/stop.ts',
};
