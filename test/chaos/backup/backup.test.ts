import { describe, expect, it } from 'vitest';
import { backupRun } from './backup-run.ts';
import { settingOf, settingText } from './setting.ts';

/** Some of what `npm run chaos -- --backup` does: seeds that have every kind of setting among them. */
const SEEDS = [12, 52];

/** Several waits, each of which may be long on a busy machine. */
const TIMEOUT_MS = 300_000;

describe('whatever is killed, what is restored is what was there', () => {
  it.each(SEEDS.map((seed) => [settingText(settingOf(seed)), seed] as const))(
    '%s',
    async (_, seed) => {
      const { problems, restores, replayed } = await backupRun({ seed, forMs: 6000, restores: 1, patienceMs: 90_000 });
      expect(problems).toEqual([]);
      expect(restores).toBeGreaterThan(2);
      expect(replayed).toBeGreaterThan(0);
    },
    TIMEOUT_MS,
  );
});
