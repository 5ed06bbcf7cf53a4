import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FullOptions } from '../../../src/backup/full/take-full.ts';
import { LocalStore } from '../../../src/backup/store/local.ts';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import { type ClusterOptions, type RealCluster, startCluster } from '../../real/cluster.ts';

/** A member with something in it, a store, and a place for a spool. */
export interface FullFixture extends AsyncDisposable {
  readonly cluster: RealCluster;
  readonly client: MemberClient;
  readonly folder: string;
  readonly spoolFolder: string;
  /** A store in a folder of its own. */
  newStore(): LocalStore;
  /** What a full snapshot takes, but for the destinations. */
  readonly options: Omit<FullOptions, 'destinations'>;
}

/** Starts a member that holds `megabytes` values of a megabyte that do not compress. */
export async function startFixture(options: ClusterOptions = {}, megabytes = 40): Promise<FullFixture> {
  const cluster = await startCluster(options);
  const folder = await mkdtemp(join(tmpdir(), 'caretaker-full-'));
  const client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '', callTimeoutMs: 60_000 });
  const { randomBytes } = await import('node:crypto');
  for (let i = 0; i < megabytes; i += 1) await client.put(Buffer.from(`filling/${i}`), randomBytes(1_000_000));
  let stores = 0;
  const spoolFolder = join(folder, 'spool');
  return {
    cluster,
    client,
    folder,
    spoolFolder,
    newStore: () => {
      stores += 1;
      return new LocalStore(join(folder, `store-${stores}`));
    },
    options: {
      client,
      timeline: 'timeline',
      clusterName: 'test',
      epoch: 7n,
      bytesPerSecond: Number.POSITIVE_INFINITY,
      spool: { folder: spoolFolder, maxBytes: 2 ** 30 },
    },
    [Symbol.asyncDispose]: async () => {
      client.close();
      await cluster.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
