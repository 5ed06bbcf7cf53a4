import { defineConfig } from 'vitest/config';

/** Of `npm run test:kubernetes`: real agents and etcds as the pods of a StatefulSet. */
export default defineConfig({
  test: {
    include: ['test/kubernetes/*.on-api.ts'],
    globalSetup: ['test/real/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 900_000,
    hookTimeout: 300_000,
  },
});
