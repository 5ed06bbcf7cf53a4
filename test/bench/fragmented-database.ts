import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { compact } from '../../src/etcd/maintenance-calls.ts';
import { MemberClient } from '../../src/etcd/member-client.ts';
import type { EtcdLine } from '../real/binaries.ts';
import { type RealCluster, startCluster } from '../real/cluster.ts';

const run = promisify(execFile);
const valueBytes = 4096;
/** In one transaction, and so side by side in the database; below etcd's limits of 128 operations and 1.5 MiB. */
const valuesPerWrite = 100;
const writers = 4;
const pollMs = 50;
/** What counts as half: some of the freed pages are only partly empty and stay in use. */
const halfInUse = 0.6;
const loadQuotaBytes = 8 * 2 ** 30;

/** Etcd's own snapshots of one database at two times, from which members are made that are equal to the last byte. */
export interface FragmentedDatabase {
  /** Every other hundred of its values is deleted, but still there as history. */
  readonly history: string;
  /** The same after a compaction: half of the file is free, in many pieces. */
  readonly fragmented: string;
}

/**
 * Makes a database of so many bytes, half of which is free (or history), as two snapshots in `folder`. One member without
 * fsync does it, which takes seconds where a cluster of three on one disk would take minutes.
 */
export async function makeFragmentedDatabase(
  folder: string,
  bytes: number,
  version: EtcdLine,
): Promise<FragmentedDatabase> {
  await using cluster = await startCluster({ version, quotaBytes: loadQuotaBytes, extraArgs: ['--unsafe-no-fsync'] });
  const client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '', callTimeoutMs: 120_000 });
  const database = { history: join(folder, 'history.db'), fragmented: join(folder, 'fragmented.db') };
  try {
    await fill(client, bytes);
    const { header } = await client.deleteRange(Buffer.from('/churn/'), Buffer.from('/churn0'));
    await cluster.etcdctl('snapshot', 'save', database.history);
    await compact(client, header.revision);
    await halfFree(client);
    await cluster.etcdctl('snapshot', 'save', database.fragmented);
    return database;
  } finally {
    client.close();
  }
}

/** Gives every member of a cluster the database of a snapshot in place of its own; the cluster starts anew with it. */
export async function placeDatabase(cluster: RealCluster, snapshot: string): Promise<void> {
  await Promise.all(cluster.members.map((member) => member.kill()));
  const tool = cluster.binaries.etcdutl ?? cluster.binaries.etcdctl;
  const initialCluster = cluster.members.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',');
  for (const { name, peerUrl, dataDir } of cluster.members) {
    await rm(dataDir, { recursive: true, force: true });
    const whose = ['--name', name, '--initial-advertise-peer-urls', peerUrl, '--data-dir', dataDir];
    await run(tool, ['snapshot', 'restore', snapshot, ...whose, '--initial-cluster', initialCluster], {
      env: { ...process.env, ETCDCTL_API: '3' },
      maxBuffer: 2 ** 24,
    });
  }
  await Promise.all(cluster.members.map((member) => member.start()));
}

/** Writes until the database is large enough: turn by turn values that stay and values that are going to be deleted. */
async function fill(client: MemberClient, bytes: number): Promise<void> {
  const { kv } = await client.etcd3();
  const value = Buffer.alloc(valueBytes, 'x');
  let turn = 0;
  const write = async (): Promise<void> => {
    while ((await client.status()).dbSizeBytes < bytes) {
      const prefix = turn % 2 === 0 ? '/stay' : '/churn';
      const first = turn * valuesPerWrite;
      turn += 1;
      const success = Array.from({ length: valuesPerWrite }, (_, i) => ({
        request_put: { key: Buffer.from(`${prefix}/${String(first + i).padStart(9, '0')}`), value },
      }));
      await kv.txn({ compare: [], success, failure: [] });
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
}

/** Freed pages count as free once a later transaction of the backend has seen them. */
async function halfFree(client: MemberClient): Promise<void> {
  for (;;) {
    const { dbSizeBytes, dbSizeInUseBytes } = await client.status();
    if (dbSizeInUseBytes < dbSizeBytes * halfInUse) {
      return;
    }
    await client.put(Buffer.from('/stay/mark'), Buffer.from('x'));
    await sleep(pollMs);
  }
}
