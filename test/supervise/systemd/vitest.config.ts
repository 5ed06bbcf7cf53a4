import { defineConfig } from 'vitest/config';

/** Of what runs inside the container that `npm run test:systemd` boots. */
export default defineConfig({
  test: {
    include: ['test/supervise/systemd/*.in-container.ts'],
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
