import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import { journalKeys } from '../../../src/journal/keys.ts';
import { encodeAgent } from '../../../src/journal/records/agent.ts';
import { encodeSlot } from '../../../src/journal/records/slot.ts';
import { aSlot } from '../../journal/journal-on-etcd.ts';
import { type RealCluster, startCluster } from '../../real/cluster.ts';
import { type ActingAgents, actingAgents, patience } from './acting-agents.ts';

const keys = journalKeys('/etcd-caretaker/');

/** Until all agents have found each other and may act. */
async function armed(acting: ActingAgents): Promise<void> {
  await acting.leader();
  await vi.waitFor(() => {
    for (const [index] of acting.agents.entries()) {
      const view = acting.view(index);
      expect([view.agents.length, view.armed !== undefined]).toEqual([acting.agents.length, true]);
    }
  }, patience);
}

describe.each(['3.4', '3.5'] as const)('agents that act on a cluster of etcd %s', (version) => {
  let cluster: RealCluster;
  let acting: ActingAgents;

  beforeAll(async () => {
    cluster = await startCluster({ members: 3, version });
    acting = await actingAgents(cluster);
    await armed(acting);
  });

  afterAll(async () => {
    await acting[Symbol.asyncDispose]();
    await cluster.close();
  });

  it('one of them leads, and all say who', async () => {
    await acting.leader();
    await vi.waitFor(() => {
      const views = acting.agents.map((_, index) => acting.view(index));
      expect(new Set(views.map(({ leader }) => leader?.memberId ?? 'nobody')).size).toBe(1);
      expect(views.map(({ registered }) => registered)).toEqual([true, true, true]);
    }, patience);
  });

  it('defragment all members when asked through any of them, the raft leader last', async () => {
    const entry = await acting.done('defrag', { through: 1 });
    expect(entry.summary).toContain('3 of 3 members');
    const defragmented = entry.steps.filter(({ name }) => name === 'defragment').map(({ memberId }) => memberId);
    expect(new Set(defragmented).size).toBe(3);
    // Whoever led is the last one, since the leadership was moved away from it before.
    const steps = entry.steps.map(({ name }) => name);
    expect(steps.slice(steps.lastIndexOf('move-leader'))).toEqual(['move-leader', 'defragment']);
    expect(entry.requestedBy).toContain('token');
  });

  it('compare the hashes of all members when asked', async () => {
    const entry = await acting.done('hash-check');
    expect(entry.figures['hashMismatch']).toBe(0);
    await vi.waitFor(async () => {
      const page = await (await fetch(`${acting.agents[2]?.url}/metrics`)).text();
      expect(page).toMatch(/\netcd_caretaker_hash_mismatch 0\n/);
    }, patience);
  });

  if (version !== '3.5') return;
  describe('and whatever its version', () => {
    it('do nothing while they are paused, and go on when somebody says resume', async () => {
      await acting.change('POST', '/api/v1/pause', { reason: 'new disks', for: '10m', by: 'ada' });
      await vi.waitFor(() => expect(acting.view(2).pause?.reason).toBe('new disks'), patience);
      await acting.refused('defrag', 'PAUSED');
      await acting.change('DELETE', '/api/v1/pause');
      await vi.waitFor(() => expect(acting.view(2).pause).toBeUndefined(), patience);
      await acting.done('hash-check');
      expect(acting.view(0).history.map(({ operation }) => operation)).toEqual(
        expect.arrayContaining(['pause', 'resume', 'defrag']),
      );
    });

    it('refuse an operation and a member that there is not, and say what there is', async () => {
      const operation = await acting.change('POST', '/api/v1/operations', { operation: 'reboot' });
      expect([operation.status, operation.text]).toEqual([400, expect.stringContaining('compaction')]);
      const member = await acting.change('POST', '/api/v1/operations', { operation: 'defrag', member: 'm9' });
      expect([member.status, member.text]).toEqual([400, expect.stringMatching(/Allowed: (m[123], ){2}m[123]/)]);
    });

    it('say what would be done without doing it', async () => {
      const answer = await acting.change('POST', '/api/v1/operations', { operation: 'hash-check', dryRun: true });
      expect([answer.status, answer.text]).toEqual([200, expect.stringContaining('"policy":"hash-check"')]);
      expect(acting.view(0).requests).toEqual([]);
    });

    it('hand leadership over at once when the leading agent stops', async () => {
      const leader = await acting.leader();
      const epoch = acting.view(0).epoch ?? 0n;
      const index = acting.agents.indexOf(leader);
      await leader.close();
      const others = [0, 1, 2].filter((each) => each !== index);
      await vi.waitFor(() => {
        const leading = others.map((each) => acting.view(each)).filter(({ leads }) => leads);
        expect(leading).toHaveLength(1);
        expect(leading[0]?.epoch).toBeGreaterThan(epoch);
        expect(leading[0]?.agents).toHaveLength(2);
      }, patience);
    });
  });
});

describe('agents of one cluster that are not to act', () => {
  let cluster: RealCluster;

  beforeAll(async () => {
    cluster = await startCluster({ members: 3 });
  });

  afterAll(async () => {
    await cluster.close();
  });

  it('only plan with mode: plan, and say so to whoever asks', async () => {
    await using acting = await actingAgents(cluster, { mode: 'plan' });
    await armed(acting);
    await acting.refused('defrag', 'MODE_PLAN');
  });

  it('do not go on with what they find begun, once mode is plan, and close it', async () => {
    const client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
    const { revision } = (await client.status()).header;
    const parameters = { revision: String(revision), compactedRevision: '0' };
    const slot = aSlot({ id: 'left', operation: 'compaction', operationVersion: 1, targets: [], parameters });
    await client.put(keys.slot, encodeSlot(slot));
    await using acting = await actingAgents(cluster, { mode: 'plan' });
    await vi.waitFor(() => {
      const entry = acting.view(0).history.find(({ id }) => id === 'left');
      expect([entry?.outcome, entry?.code]).toEqual(['stopped', 'MODE_PLAN']);
    }, patience);
    expect((await client.range({ key: keys.slot })).kvs).toEqual([]);
    // Nothing was compacted.
    const old = await client.range({ key: keys.slot, revision });
    expect(old.header.revision).toBeGreaterThan(revision);
    client.close();
  });

  it('stop before the next step where the file beside the leading agent says pause', async () => {
    await using acting = await actingAgents(cluster);
    await armed(acting);
    const leader = await acting.leader();
    const pause = { reason: 'look', by: 'ada', at: new Date().toISOString(), until: '2999-01-01T00:00:00.000Z' };
    await writeFile(join(leader.folder, 'agent.pause'), JSON.stringify(pause));
    await vi.waitFor(() => expect(leader.observation().caretaking?.localPause).toContain('look'), patience);
    await acting.refused('hash-check', 'PAUSED_LOCALLY');
  });

  it('start nothing that an older agent among them does not know', async () => {
    await using acting = await actingAgents(cluster, {}, { only: 2 });
    await acting.leader();
    await vi.waitFor(() => expect(acting.view(0).agents).toHaveLength(2), patience);
    const client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
    const members = (await client.memberList()).members;
    const missing = members.find(({ id }) => acting.view(0).agents.every(({ memberId }) => memberId !== id));
    const older = {
      ...{ memberId: missing?.id ?? '', member: missing?.name ?? '', instance: 'older', version: '0.0.9' },
      ...{ operations: { compaction: 1 }, role: 'default' as const, startedAtMs: 1 },
    };
    await client.put(keys.agent(older.memberId), encodeAgent(older));
    await vi.waitFor(() => expect(acting.view(0).agents).toHaveLength(3), patience);
    const entry = await acting.refused('hash-check', 'AGENT_VERSIONS_DIFFER');
    expect(entry.reasons.join()).toContain(older.member);
    await client.deleteRange(keys.agent(older.memberId));
    client.close();
  });
});
