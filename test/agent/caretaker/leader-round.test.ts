import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Acting } from '../../../src/agent/caretaker/acting.ts';
import { leaderRound } from '../../../src/agent/caretaker/leader-round.ts';
import type { HistoryEntry, Slot } from '../../../src/cluster/caretaking.ts';
import type { PodSetView } from '../../../src/cluster/pod-set.ts';
import type { DecideSettings } from '../../../src/decide/settings.ts';
import type { JournalKeys } from '../../../src/journal/keys.ts';
import { JournalMirror } from '../../../src/journal/mirror.ts';
import { encodeSlot } from '../../../src/journal/records/slot.ts';
import type { Operation } from '../../../src/operate/operation.ts';
import { settings, state } from '../../decide/states.ts';
import { aSlot, forcedTerm, type JournalOnEtcd, journalOnEtcd } from '../../journal/journal-on-etcd.ts';

const never = new AbortController().signal;
const off: DecideSettings = { ...settings, policies: { ...settings.policies, rollout: 'off' } };

/** A set whose partition was lowered by a rollout that is under way, or was. */
const lowered: PodSetView = {
  ...{ name: 'm', firstOrdinal: 0, replicas: 3, updateRevision: 'm-new', pods: [] },
  ...{ partition: 2, partitionAtRest: 1000 },
};

interface Leading extends AsyncDisposable {
  readonly acting: Acting;
  readonly mirror: JournalMirror;
  readonly ended: readonly HistoryEntry[];
  /** Targets of the rollouts that were carried out. */
  readonly rolled: readonly (readonly string[])[];
}

describe('a rollout that the leading agent finds begun, and whose policy is off by now', () => {
  let on: JournalOnEtcd;
  beforeAll(async () => {
    on = await journalOnEtcd();
  });
  afterAll(async () => {
    await on[Symbol.asyncDispose]();
  });

  async function leading(keys: JournalKeys): Promise<Leading> {
    const mirror = new JournalMirror(on.direct, keys);
    mirror.start();
    await mirror.waitFor(({ connected }) => connected);
    const ended: HistoryEntry[] = [];
    const rolled: (readonly string[])[] = [];
    const rollout: Operation = {
      ...{ name: 'rollout', version: 1 },
      run: async ({ slot }: { readonly slot: Slot }) => {
        rolled.push(slot.targets);
        return { outcome: 'succeeded', summary: 'The pods are held back again.' };
      },
    };
    const nothing = (): void => undefined;
    const acting = {
      ...{ keys, mirror, operations: { rollout }, unwritten: [], decided: nothing, recovering: nothing },
      options: {
        ...{ client: on.direct, settings: off, ttlMs: 10_000, observation: () => ({ sections: {} }) },
        events: { log: nothing, onOperation: nothing, onFault: nothing },
      },
      source: {
        isCorruptOpen: false,
        observe: async () => state(undefined, { podSet: lowered, history: mirror.snapshot.history }),
      },
      ledForMs: () => 60_000,
      runParts: () => ({ observe: async () => state(), localPause: async () => undefined, log: nothing }),
      ended: (entry: HistoryEntry) => ended.push(entry),
    } as unknown as Acting;
    return { acting, mirror, ended, rolled, [Symbol.asyncDispose]: () => mirror[Symbol.asyncDispose]() };
  }

  test('is closed, and the partition that it has lowered is raised in the next round', async () => {
    const keys = on.newKeys();
    await on.direct.put(keys.slot, encodeSlot(aSlot({ id: 'left', operation: 'rollout', targets: ['3', '2'] })));
    const term = await forcedTerm(on.direct, keys);
    await using leader = await leading(keys);
    await leaderRound(leader.acting, term, never);
    expect(leader.ended).toMatchObject([{ id: 'left', outcome: 'stopped', code: 'POLICY_OFF' }]);
    expect(leader.rolled).toEqual([]);
    await leader.mirror.waitFor(({ history }) => history.length === 1);
    await leaderRound(leader.acting, term, never);
    expect(leader.rolled).toEqual([[]]);
    expect(leader.ended[1]).toMatchObject({ outcome: 'succeeded', reasons: [expect.stringContaining('left lowered')] });
  });

  test('is gone on with where it only raises the partition', async () => {
    const keys = on.newKeys();
    await on.direct.put(keys.slot, encodeSlot(aSlot({ id: 'raise', operation: 'rollout', targets: [] })));
    const term = await forcedTerm(on.direct, keys);
    await using leader = await leading(keys);
    await leaderRound(leader.acting, term, never);
    expect(leader.ended).toMatchObject([{ id: 'raise', outcome: 'succeeded' }]);
    expect(leader.rolled).toEqual([[]]);
  });
});
