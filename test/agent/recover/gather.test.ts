import { expect, test } from 'vitest';
import { agreedPlan, gather } from '../../../src/agent/recover/gather.ts';
import { toWire } from '../../../src/agent/recover/wire.ts';
import type { LastList, RecoveryEvidence } from '../../../src/cluster/recovery.ts';
import { recoverPlan } from '../../../src/decide/recover/recover-plan.ts';

const never = new AbortController().signal;

function listOf(names: readonly string[], atMs: number): LastList {
  return {
    clusterId: 'c',
    atMs,
    members: names.map((name) => ({ id: name, name, peerUrls: [`http://${name}:2380`], isLearner: false })),
  };
}

function evidenceOf(member: string, data: boolean, list?: LastList): RecoveryEvidence {
  return {
    ...{ member, quorum: 'lost', sightings: [], ...(list === undefined ? {} : { list }) },
    own: {
      ...{ kind: 'child', bootstrapped: true, restarts: 0, quarantine: [], process: { state: 'stopped' } },
      dataDir: data
        ? {
            state: 'intact',
            clusterId: 'c',
            memberId: member,
            raftTerm: 1n,
            commitIndex: 1n,
            lastIndex: 9n,
            lastTerm: 1n,
          }
        : { state: 'empty' },
    },
  };
}

test('members that only the list of another agent names are not passed over: they may be a majority', async () => {
  const all = ['m1', 'm2', 'm3', 'm4', 'm5'];
  const answers: Readonly<Record<string, RecoveryEvidence>> = {
    m2: evidenceOf('m2', true, listOf(all, 2)),
    m3: evidenceOf('m3', true, listOf(['m1', 'm2', 'm3'], 1)),
  };
  // The agent of m1 has lost all that it knew, and its configuration is from before the cluster grew.
  const expected = ['m1', 'm2', 'm3'].map((name) => ({ name, agentUrl: name, peerUrls: [] }));
  const get = async ({ name }: { readonly name: string }): Promise<unknown> => JSON.parse(toWire(answers[name]));
  const gathered = await gather(expected, evidenceOf('m1', false), { get }, never);
  const input = { nowMs: 0, members: gathered, lost: [] };
  expect(recoverPlan(input)).toMatchObject({
    kind: 'hold',
    reasons: [{ code: 'AGENT_NOT_HEARD' }, { code: 'AGENT_NOT_HEARD' }],
  });
  const plan = recoverPlan({ ...input, lost: ['m4', 'm5'] });
  if (plan.kind !== 'seed-from-member') throw new Error(plan.kind);
  // Before it begins it is looked whether they listen.
  expect(agreedPlan(plan, gathered, 0).lost).toEqual([
    { name: 'm4', urls: ['http://m4:2380'] },
    { name: 'm5', urls: ['http://m5:2380'] },
  ]);
});
