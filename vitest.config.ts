import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { LongOnesFirst } from './test/real/long-ones-first.ts';

const reportFile = process.env['CARETAKER_TEST_REPORT'];

/** They put something in the place of a module, which has to be before anybody else has imported it. */
const onesApart = ['test/agent/backup/hanging-folder.test.ts', 'test/backup/store/local-hangs.test.ts'];

/** Judges a real Prometheus by durations that are divided: with other tests beside it a page would be the machine's, not the rules'. */
const onesAlone = ['test/e2e/alerts.test.ts'];

export default defineConfig({
  test: {
    globalSetup: ['test/real/global-setup.ts'],
    reporters: reportFile === undefined ? ['default'] : ['default', ['json', { outputFile: reportFile }]],
    pool: 'forks',
    projects: [
      // Nothing happens at import, so the files that a worker runs share what it has imported: starting a process and importing
      // everything anew for each of them would take a third of the suite's CPU time.
      {
        extends: true,
        test: {
          name: 'shared',
          include: ['test/**/*.test.ts'],
          exclude: [...onesApart, ...onesAlone],
          isolate: false,
          sequence: { groupOrder: 0 },
        },
      },
      { extends: true, test: { name: 'apart', include: onesApart, sequence: { groupOrder: 0 } } },
      { extends: true, test: { name: 'alone', include: onesAlone, sequence: { groupOrder: 1 } } },
    ],
    // Most tests wait for real etcds most of the time; with more workers than this their deadlines come near.
    maxWorkers: Math.min(8, 2 * availableParallelism()),
    // Agents and commands that tests start as processes find their code compiled: 0.8 s of CPU for each instead of 1.9.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules', '.cache', 'compiled-for-tests') },
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
