import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { restore } from '../../../src/backup/restore/restore.ts';
import { LocalStore } from '../../../src/backup/store/local.ts';
import { faultOf } from '../../../src/cluster/agent-error.ts';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import { type EtcdBinaries, findBinaries } from '../../real/binaries.ts';
import { startCluster } from '../../real/cluster.ts';
import { mountSmallFilesystem } from '../../real/small-filesystem.ts';
import { ObservedHistory } from './observed-history.ts';
import { writeFull, writeSegments } from './written-backup.ts';

const never = new AbortController().signal;
const MEBIBYTE = 2 ** 20;

describe('a disk that becomes full while a store is restored', () => {
  let folder: string;
  let binaries: EtcdBinaries;
  let store: LocalStore;
  let full: bigint;
  let last: bigint;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caretaker-restore-full-'));
    binaries = findBinaries();
    store = new LocalStore(join(folder, 'store'));
    await using cluster = await startCluster();
    const client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
    await using history = await ObservedHistory.begin(client, () => 60);
    for (let n = 0; n < 8; n += 1) await client.put(Buffer.from(`/large/${n}`), Buffer.alloc(500_000, n));
    full = (await writeFull(store, client, join(folder, 'spool'))).manifest.lastRevision;
    for (let n = 0; n < 20; n += 1) await client.put(Buffer.from(`/k/${n}`), Buffer.from(String(n)));
    last = full + 19n;
    await writeSegments(store, await history.until(last), [full + 1n, last], { every: 10 });
    client.close();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** The download takes 5 MiB; a new data dir takes 64 MiB more for its WAL, and a scratch etcd again as much at its start. */
  it.each([
    ['in the download', 2, true],
    ['in the data dir of the scratch etcd', 20, true],
    ['in the scratch etcd', 90, true],
    ['in the data dir', 40, false],
  ])('%s: it is said, nothing is left of it, and the target is as it was', async (_, mebibytes, replays) => {
    await using disk = mountSmallFilesystem(mebibytes * MEBIBYTE);
    const dataDir = join(disk.path, 'data');
    await mkdir(dataDir);
    await writeFile(join(dataDir, 'mine'), 'as it was');
    const identity = {
      ...{ name: 'default', initialCluster: 'default=http://localhost:2380', initialClusterToken: 'again' },
      initialAdvertisePeerUrls: 'http://localhost:2380',
    };
    const restorer = binaries.etcdutl ?? binaries.etcdctl;
    const error = await restore(
      {
        store,
        target: { kind: 'revision', revision: replays ? last : full },
        output: { kind: 'data-dirs', dirs: [{ dataDir, identity }] },
        binaries: { etcd: binaries.etcd, restorer },
        quarantine: true,
      },
      never,
    ).then(
      () => new Error('it was restored'),
      (thrown: unknown) => thrown,
    );
    const { code, message, remedy } = faultOf(error);
    expect([code, message]).toEqual(['RESTORE_DISK_FULL', expect.stringContaining(disk.path)]);
    expect(remedy).toContain('make room');
    expect(await readdir(disk.path)).toEqual(['data']);
    expect(await readdir(dataDir)).toEqual(['mine']);
  });
});
