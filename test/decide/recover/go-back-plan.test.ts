import { describe, expect, it } from 'vitest';
import type { RecoveryEvidence } from '../../../src/cluster/recovery.ts';
import { goBackPlan } from '../../../src/decide/recover/go-back-plan.ts';
import type { RecoverInput } from '../../../src/decide/recover/recover-plan.ts';

const store = { url: 'file:///backups', oldestRevision: 10n, revision: 90n, atMs: 500 };

function evidence(member: string, kind: RecoveryEvidence['own']['kind'] = 'child'): RecoveryEvidence {
  return {
    member,
    quorum: 'holds',
    own: {
      kind,
      process: { state: 'running', adopted: false },
      dataDir: { state: 'empty' },
      bootstrapped: true,
      restarts: 0,
      quarantine: [],
    },
    sightings: [{ atMs: 900, revision: 95n }],
  };
}

function input(heard: readonly RecoveryEvidence[], more: Partial<RecoverInput> = {}): RecoverInput {
  const members = ['m1', 'm2', 'm3'].map((name) => {
    const found = heard.find(({ member }) => member === name);
    return found === undefined ? { name } : { name, evidence: found };
  });
  return { nowMs: 1000, members, lost: [], store, ...more };
}

describe('the plan to go back to an older revision', () => {
  const all = ['m3', 'm2', 'm1'].map((name) => evidence(name));
  const codes = (asked: RecoverInput, toRevision = 80n): readonly string[] =>
    goBackPlan(asked, { revision: toRevision }).reasons.map(({ code }) => code);

  it('restores the first member by name, although there is a quorum, and says what is taken back', () => {
    expect(goBackPlan(input(all), { revision: 80n })).toMatchObject({
      ...{ kind: 'seed-from-store', seed: 'm1', toRevision: 80n, store, bound: { revisions: 15n } },
      reasons: [{ code: 'GO_BACK' }],
    });
  });

  it.each<[string, readonly string[], readonly string[]]>([
    ['an agent is silent', codes(input(all.slice(1))), ['AGENT_NOT_HEARD']],
    ['a silent one was called lost', codes(input(all.slice(1), { lost: ['m3'] })), ['GO_BACK']],
    ['the store does not reach there', codes(input(all), 91n), ['POINT_NOT_STORED']],
    ['the store begins later', codes(input(all), 9n), ['POINT_NOT_STORED']],
    ['agents only watch', codes(input(['m1', 'm2', 'm3'].map((name) => evidence(name, 'none')))), ['NO_AGENT_TO_SEED']],
  ])('where %s', (_, given, expected) => {
    expect(given).toEqual(expected);
  });

  it('holds where no store has a backup', () => {
    const { store: _, ...without } = input(all);
    expect(codes(without)).toEqual(['NO_BACKUP']);
  });
});
