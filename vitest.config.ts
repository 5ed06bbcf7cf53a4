import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { LongOnesFirst } from './test/real/long-ones-first.ts';

const reportFile = process.env['CARETAKER_TEST_REPORT'];

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/real/global-setup.ts'],
    reporters: reportFile === undefined ? ['default'] : ['default', ['json', { outputFile: reportFile }]],
    pool: 'forks',
    // Most tests wait for real etcds most of the time; with more workers than this their deadlines come near.
    maxWorkers: Math.min(8, 2 * availableParallelism()),
    // Of the tests of one file that are made to run side by side.
    maxConcurrency: 2,
    sequence: { sequencer: LongOnesFirst },
    // Several waits of a test may each take long on a machine that is busy; a test that hangs is found all the same.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 30_000,
    restoreMocks: true,
    unstubEnvs: true,
  },
});
