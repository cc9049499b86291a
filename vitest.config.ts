import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Packages are what their sources are now: see "exports" in their package.json.
  ssr: { resolve: { conditions: ['source', 'module', 'node'] } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'scripts/src/**/*.test.ts', 'test/**/*.test.ts'],
    globalSetup: './test/helpers/global-setup.ts',
    reporters: ['default', './test/helpers/plain-reporter.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
  },
});
