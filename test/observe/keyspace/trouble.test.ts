import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { KeyspaceSection } from '../../../src/cluster/sections.ts';
import type { Collector } from '../../../src/observe/collector.ts';
import { keyspaceCollector } from '../../../src/observe/keyspace.ts';
import { FakeMember } from './fake-member.ts';

let collector: Collector<'keyspace'> | undefined;

afterEach(async () => {
  await collector?.close?.();
  collector = undefined;
});

function observe(member: FakeMember): () => Promise<KeyspaceSection> {
  const made = keyspaceCollector({
    ...{ member: 'm1', client: member, cluster: member.cluster, depth: 1, topK: 5, kubernetes: 'auto' },
    ...{ keysPerSecond: 1_000_000, pageBytes: 2 ** 20 },
  });
  collector = made;
  return () => made.collect(member.round());
}

async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + 40_000;
  while (!(await condition())) {
    if (Date.now() > deadline) {
      throw new Error(`waited in vain for ${condition}`);
    }
    await sleep(10);
  }
}

describe('the keyspace of a member in trouble', () => {
  it('is watched anew when the watch has gone silent', async () => {
    const realNow = performance.now.bind(performance);
    let laterMs = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => realNow() + laterMs);
    const member = new FakeMember();
    const look = observe(member);
    await until(async () => (await look()).phase === 'current');
    member.silent = true;
    member.put(100);
    laterMs += 10_000;
    await look();
    member.silent = false;
    expect(member.watches).toBe(1);
    laterMs += 10_000;
    await look();
    await until(async () => (await look().catch(() => undefined))?.totalBytes === 106);
    expect(member.watches).toBe(2);
    expect(member.pages).toBe(1);
  });

  it('is not scanned while it has no raft leader', async () => {
    const member = new FakeMember();
    member.leaderId = '0';
    const look = observe(member);
    await look();
    await sleep(50);
    expect(await look()).toMatchObject({ phase: 'scanning', waitingFor: 'a raft leader', prefixes: [] });
    expect(member.pages).toBe(0);
    member.leaderId = 'a1';
    await until(async () => (await look()).phase === 'current');
  });

  it('is read anew when the member was put back to an older state', async () => {
    const member = new FakeMember();
    member.revision = 500n;
    const look = observe(member);
    await until(async () => (await look()).phase === 'current');
    member.revision = 20n;
    member.raftTerm = 1n;
    member.valueBytes = 44;
    member.restart();
    await until(async () => {
      const section = await look().catch(() => undefined);
      return section?.totalBytes === 50;
    });
  });
});
