import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { EtcdError } from '../../src/etcd/errors.ts';
import { leaseIdOf } from '../../src/observe/canary/leased-key.ts';
import { hang, running, scriptedClient } from './canary/scripted.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the canaries of an agent', () => {
  it('count what is answered, with how long it took', async () => {
    await using canary = running(scriptedClient());
    const reads = await canary.when('read', ({ outcomes }) => outcomes.succeeded >= 3);
    const writes = await canary.when('write', ({ outcomes }) => outcomes.succeeded >= 3);
    for (const { latency, outcomes, fault } of [reads, writes]) {
      expect(latency.count).toBe(outcomes.succeeded + outcomes.slow);
      expect(fault).toBeUndefined();
    }
  });

  it('never pile up: where nothing is answered, one request is under way at a time', async () => {
    let [now, most] = [0, 0];
    const linearizableRead = async (signal?: AbortSignal): Promise<never> => {
      most = Math.max(most, ++now);
      return await hang(signal).finally(() => {
        now -= 1;
      });
    };
    await using canary = running(scriptedClient({ linearizableRead }), { write: false, timeoutMs: 60 });
    const { latency, fault } = await canary.when('read', ({ outcomes }) => outcomes.failed >= 5);
    expect(most).toBe(1);
    expect(latency.count).toBe(0);
    expect(fault?.message).toContain('60 ms');
  });

  it('do not mind a wall clock that jumps', async () => {
    const real = Date.now;
    let jumpMs = 0;
    vi.spyOn(Date, 'now').mockImplementation(() => real() + jumpMs);
    const linearizableRead = async () => {
      jumpMs = jumpMs === 0 ? 3_600_000 : jumpMs * -1;
      await sleep(1);
      return { seconds: 0 };
    };
    await using canary = running(scriptedClient({ linearizableRead }), { write: false });
    const { outcomes, latency } = await canary.when('read', ({ outcomes: { succeeded } }) => succeeded >= 6);
    expect(outcomes).toMatchObject({ slow: 0, failed: 0 });
    expect(latency.sum).toBeLessThan(60);
  });

  it('do not hold it against the cluster when the agent itself does not get to run', async () => {
    const linearizableRead = async () => {
      await sleep(1);
      const endMs = performance.now() + 250;
      while (performance.now() < endMs);
      return { seconds: 0 };
    };
    await using canary = running(scriptedClient({ linearizableRead }), { write: false, slowAfterMs: 200 });
    const { outcomes } = await canary.when('read', ({ discarded }) => discarded >= 1);
    expect(outcomes).toEqual({ succeeded: 0, slow: 0, failed: 0 });
  });

  it('write nothing where the user may not, say so, and go on reading', async () => {
    let writes = 0;
    const txn = async (): Promise<never> => {
      writes += 1;
      throw new EtcdError('ETCD_PERMISSION_DENIED', 'the user may not write there');
    };
    await using canary = running(scriptedClient({ txn }));
    await canary.when('write', ({ off }) => off === 'the user may not write there');
    await canary.when('read', ({ outcomes }) => outcomes.succeeded >= 5);
    expect(writes).toBe(1);
  });

  it('write again when the user may after all', async () => {
    let mayWrite = false;
    const txn = async () => {
      if (!mayWrite) throw new EtcdError('ETCD_PERMISSION_DENIED', 'not yet');
      return { succeeded: true, revision: 1n };
    };
    await using canary = running(scriptedClient({ txn }), { offRetryMs: 30 });
    await canary.when('write', ({ off }) => off !== undefined);
    mayWrite = true;
    expect(await canary.when('write', ({ outcomes }) => outcomes.succeeded >= 1)).toMatchObject({
      outcomes: { failed: 0 },
    });
  });

  it('count a write as failed where not even a lease is to be had', async () => {
    const full = async (): Promise<never> => {
      throw new EtcdError('ETCD_NOSPACE', 'full');
    };
    await using canary = running(scriptedClient({ keepLeaseAlive: async () => 0, grantLease: full }));
    expect(await canary.when('write', ({ outcomes }) => outcomes.failed >= 2)).toMatchObject({
      fault: { code: 'ETCD_NOSPACE' },
    });
  });

  it('share one pace of writes among the agents, and take their turns', async () => {
    const beginMs = performance.now();
    const atMs: number[] = [];
    const txn = async () => {
      atMs.push(performance.now() - beginMs);
      return { succeeded: true, revision: 1n };
    };
    const place = () => ({ key: Buffer.from('k'), agents: 4, index: 2 });
    await using canary = running(scriptedClient({ txn }), { read: false, writeIntervalMs: 50, place });
    await canary.when('write', ({ outcomes }) => outcomes.succeeded >= 3);
    const [first = 0, second = 0, third = 0] = atMs;
    expect(first).toBeGreaterThanOrEqual(145);
    expect(second - first).toBeGreaterThanOrEqual(195);
    expect(third - second).toBeGreaterThanOrEqual(195);
  });

  it('write nothing before the own member is known', async () => {
    let writes = 0;
    const txn = async () => {
      writes += 1;
      return { succeeded: true, revision: 1n };
    };
    await using canary = running(scriptedClient({ txn }), { place: () => undefined });
    await canary.when('read', ({ outcomes }) => outcomes.succeeded >= 5);
    expect(writes).toBe(0);
    expect((await canary.all()).map(({ operation }) => operation)).toEqual(['read', 'write']);
  });

  it('make only what is switched on', async () => {
    await using canary = running(scriptedClient({ linearizableRead: hang }), { read: false });
    await canary.when('write', ({ outcomes }) => outcomes.succeeded >= 1);
    expect((await canary.all()).map(({ operation }) => operation)).toEqual(['write']);
  });

  it('give the lease of a member that is no more back, and write under another', async () => {
    const revoked: bigint[] = [];
    let key = Buffer.from('canary/1');
    const client = scriptedClient({
      revokeLease: async (id) => {
        revoked.push(id);
      },
    });
    {
      await using canary = running(client, { place: () => ({ key, agents: 1, index: 0 }) });
      await canary.when('write', ({ outcomes }) => outcomes.succeeded >= 1);
      key = Buffer.from('canary/2');
      await canary.when('write', ({ outcomes }) => outcomes.succeeded >= 4);
    }
    expect(revoked).toEqual([leaseIdOf(Buffer.from('canary/1')), leaseIdOf(key)]);
    expect(revoked[0]).not.toBe(revoked[1]);
  });

  it('end at once, also while nothing is answered', async () => {
    const canary = running(scriptedClient({ linearizableRead: hang, txn: (_, signal) => hang(signal) }));
    await sleep(60);
    await canary[Symbol.asyncDispose]();
    expect((await canary.all()).map(({ outcomes }) => outcomes.failed)).toEqual([0, 0]);
  });
});
