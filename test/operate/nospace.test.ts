import { afterEach, describe, expect, test } from 'vitest';
import type { ClusterState } from '../../src/cluster/state.ts';
import { parseHistory } from '../../src/journal/records/history.ts';
import type { Effects } from '../../src/operate/effects.ts';
import { type FullStore, fullStore, QUOTA_BYTES, REVISION } from './full-store.ts';

let store: FullStore | undefined;
afterEach(() => store?.[Symbol.asyncDispose]());

describe.each([
  [3, '3.4'],
  [2, '3.5'],
  [1, '3.5'],
] as const)('NOSPACE on %i members of etcd %s', (members, version) => {
  test('that comes from history is healed while every write is refused, and writes go on', async () => {
    store = await fullStore('history', { members, version });
    const { on, revision } = store;
    const write = (index: number) => on.client(index).put(Buffer.from('after'), Buffer.from('1'));
    await expect(write(0)).rejects.toMatchObject({ code: 'ETCD_NOSPACE' });
    const raised = (await on.client().alarms()).map(({ memberId }) => memberId);
    expect(raised.length).toBeGreaterThan(0);
    // As when their leases have run out meanwhile: nobody knows then who may lead.
    if (members === 2) on.see(withoutAgents);
    const disarmed: string[] = [];
    const disarmNospace: Effects['disarmNospace'] = async (memberId, permit) => {
      disarmed.push(memberId);
      for (const [index] of on.ids.entries()) {
        expect((await on.client(index).status()).dbSizeBytes).toBeLessThan(0.8 * QUOTA_BYTES);
      }
      await on.effects.disarmNospace(memberId, permit);
    };
    const term = await store.claim();
    const parameters = { compactRevision: String(revision - 1n), disarmBelowRatio: 0.8 };
    const entry = await on.run({ term, journal: store.journal(term, parameters), effects: { disarmNospace } });

    expect(entry).toMatchObject({ outcome: 'succeeded', operation: 'nospace' });
    expect(disarmed.toSorted()).toEqual(raised.toSorted());
    expect(await on.client().alarms()).toEqual([]);
    for (const [index] of on.ids.entries()) await write(index);
    const page = await on.client().range({ key: Buffer.from('history/'), rangeEnd: Buffer.from('history0') });
    expect(page.kvs.map(({ value }) => value.length)).toEqual(Array.from({ length: 10 }, () => 100 * 1024));
    const [kept] = (await on.client().range({ key: on.keys.history(REVISION) })).kvs;
    expect(parseHistory(kept?.value ?? Buffer.alloc(0))).toMatchObject({ kind: 'record', record: { ...entry } });
  });
});

function withoutAgents(state: ClusterState): ClusterState {
  return { ...state, members: state.members.map(({ agent: _, ...member }) => member) };
}
