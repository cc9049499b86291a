import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'scripts/src/**/*.test.ts', 'test/**/*.test.ts'],
    reporters: ['default', './test/helpers/plain-reporter.ts'],
    testTimeout: 60_000,
    pool: 'forks',
  },
});
