import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { manifestKey } from '../../../src/backup/names.ts';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import { type RealCluster, startCluster } from '../../real/cluster.ts';
import type { CaptureOrder } from './capture-process.ts';
import { FolderStore } from './folder-store.ts';
import { observed, stored } from './observed.ts';

const script = fileURLToPath(new URL('capture-process.ts', import.meta.url));

describe.each(['3.4', '3.5'] as const)('a capturing process on etcd %s that is killed', (version) => {
  let cluster: RealCluster;
  let client: MemberClient;
  let folder: string;
  let before: bigint;
  const children = new Set<ChildProcess>();

  beforeAll(async () => {
    cluster = await startCluster({ version });
    client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caretaker-crash-'));
    before = (await client.status()).header.revision;
    // The full snapshot that the deltas follow.
    for (const store of ['one', 'two']) {
      const key = manifestKey({ kind: 'full', revision: before, time: '20260101T120000Z', id: 'f' });
      await mkdir(join(folder, store, 'full'), { recursive: true });
      await writeFile(join(folder, store, key), '{}');
    }
  });
  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  });
  afterAll(async () => {
    client.close();
    await cluster.close();
  });

  const start = (order: Partial<CaptureOrder> & { readonly epoch: number }): ChildProcess => {
    const all: CaptureOrder = {
      endpoint: cluster.endpoints[0] ?? '',
      spool: join(folder, 'spool'),
      stores: [join(folder, 'one'), join(folder, 'two')],
      ...order,
    };
    const child = spawn(process.execPath, [script, JSON.stringify(all)], { stdio: ['ignore', 'pipe', 'inherit'] });
    children.add(child);
    child.once('exit', () => children.delete(child));
    return child;
  };

  /** Writes until it is told to stop: puts, deletions, transactions and leases. */
  const write = async (signal: AbortSignal, seed: string): Promise<void> => {
    for (let i = 0; !signal.aborted; i += 1) {
      const key = Buffer.from(`${seed}/${i % 13}`);
      const value = Buffer.alloc((i * 37) % 400, i);
      if (i % 17 === 16) await client.deleteRange(Buffer.from(`${seed}/`), Buffer.from(`${seed}0`));
      else if (i % 11 === 10) {
        const { id } = await client.grantLease(100 + i);
        await client.txn({
          compare: [],
          changes: [
            { put: key, value, lease: id },
            { put: Buffer.from('other'), value },
          ],
        });
      } else await client.put(key, value);
      await sleep(1);
    }
  };

  const expectExact = async (last: bigint): Promise<void> => {
    const truth = await observed(client, before, last);
    for (const name of ['one', 'two']) {
      const inStore = await stored(new FolderStore(join(folder, name)), before);
      expect(inStore.last).toBe(last);
      expect(inStore.revisions).toEqual(truth);
      expect([...inStore.leases.values()].filter((ttlSeconds) => ttlSeconds < 100)).toEqual([]);
    }
  };

  const stopCleanly = async (child: ChildProcess): Promise<void> => {
    if (child.stdout !== null) await once(child.stdout, 'data');
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  };

  test('at any time and around any upload loses nothing and doubles nothing', async () => {
    const writing = new AbortController();
    const writer = write(writing.signal, 'k');
    for (let round = 1; round <= 6; round += 1) {
      const die = { atPut: round, when: round % 2 === 0 ? ('before' as const) : ('after' as const) };
      const child = start({ epoch: round, ...(round <= 4 ? { die } : {}) });
      const exit = once(child, 'exit');
      if (round > 4) {
        if (child.stdout !== null) await once(child.stdout, 'data');
        await sleep(Math.random() * 300);
        child.kill('SIGKILL');
      }
      expect(await exit).toEqual([null, 'SIGKILL']);
    }
    writing.abort();
    await writer;
    await stopCleanly(start({ epoch: 9 }));
    await expectExact((await client.status()).header.revision);
  });

  // The same with every version of etcd.
  if (version === '3.5') {
    test('while another one with a higher epoch has begun on another machine leaves a history without a gap', async () => {
      const writing = new AbortController();
      const writer = write(writing.signal, 'm');
      const first = start({ epoch: 1 });
      if (first.stdout !== null) await once(first.stdout, 'data');
      await sleep(100);
      const second = start({ epoch: 2, spool: join(folder, 'other-spool') });
      if (second.stdout !== null) await once(second.stdout, 'data');
      await sleep(200);
      first.kill('SIGKILL');
      await sleep(100);
      second.kill('SIGKILL');
      await sleep(50);
      writing.abort();
      await writer;
      // The first machine leads again, with what is left in its spool.
      await stopCleanly(start({ epoch: 3 }));
      await expectExact((await client.status()).header.revision);
    });
  }
});
