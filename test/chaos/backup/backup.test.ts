import { describe, expect, it } from 'vitest';
import { backupRun } from './backup-run.ts';
import { settingOf, settingText } from './setting.ts';

/** Some of what `npm run chaos -- --backup` does: seeds that have every kind of setting among them. */
const SEEDS = [12, 14];

describe('whatever is killed, what is restored is what was there', () => {
  it.each(SEEDS.map((seed) => [settingText(settingOf(seed)), seed] as const))('%s', async (_, seed) => {
    const { problems, revisions } = await backupRun({ seed, forMs: 6000, restores: 1, patienceMs: 90_000 });
    expect(problems).toEqual([]);
    expect(revisions).toBeGreaterThan(20n);
  });
});
