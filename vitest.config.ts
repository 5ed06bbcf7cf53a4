import { defineConfig } from 'vitest/config';

const reportFile = process.env['CARETAKER_TEST_REPORT'];

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/real/global-setup.ts'],
    reporters: reportFile === undefined ? ['default'] : ['default', ['json', { outputFile: reportFile }]],
    pool: 'forks',
    // Most tests run real etcds: on two cores more workers only make each other wait.
    maxWorkers: 2,
    // Several waits of a test may each take long on a machine that is busy; a test that hangs is found all the same.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 30_000,
    restoreMocks: true,
    unstubEnvs: true,
  },
});
