import { defineConfig } from 'vitest/config';

/** Of `npm run test:ui`: the status page of real agents in a real browser, and what is shown in a terminal. */
export default defineConfig({
  test: {
    include: ['test/e2e/ui/*.ui.ts'],
    globalSetup: ['test/real/global-setup.ts'],
    pool: 'forks',
    // A browser beside a cluster is as much as a small machine bears.
    maxWorkers: 1,
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
