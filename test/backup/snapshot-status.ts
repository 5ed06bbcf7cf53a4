import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { EtcdBinaries } from '../real/binaries.ts';

const run = promisify(execFile);

/** What etcd's own tool says of a snapshot. */
export interface SnapshotStatus {
  readonly revision: bigint;
  /** Entries of all buckets. */
  readonly totalKey: number;
  readonly totalSize: number;
}

/** Asks etcdutl, or on 3.4 etcdctl. Throws where it finds the snapshot damaged. */
export async function snapshotStatus(binaries: EtcdBinaries, file: string): Promise<SnapshotStatus> {
  const { stdout } = await run(binaries.etcdutl ?? binaries.etcdctl, ['snapshot', 'status', file, '-w', 'json'], {
    env: { ...process.env, ETCDCTL_API: '3' },
  });
  const { revision, totalKey, totalSize } = JSON.parse(stdout) as Record<string, number>;
  return { revision: BigInt(revision ?? 0), totalKey: totalKey ?? 0, totalSize: totalSize ?? 0 };
}
