import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RestorePrefixOptions, restorePrefix } from '../../../../src/backup/restore/prefix/restore-prefix.ts';
import { subtreeOf } from '../../../../src/backup/restore/prefix/subtree.ts';
import { LocalStore } from '../../../../src/backup/store/local.ts';
import { findBinaries } from '../../../../src/distribution/find-binaries.ts';
import { MemberClient } from '../../../../src/etcd/member-client.ts';
import { type RealCluster, startCluster } from '../../../real/cluster.ts';
import { allOf } from '../../store/all-of.ts';
import { ObservedHistory } from '../observed-history.ts';
import { writeFull, writeSegments } from '../written-backup.ts';
import { revisionOf, valuesBelow } from './live.ts';

const never = new AbortController().signal;

describe('what a person hardly means', () => {
  let folder: string;
  let cluster: RealCluster;
  let other: RealCluster;
  let client: MemberClient;
  let elsewhere: MemberClient;
  let store: LocalStore;
  let segments: readonly string[];
  let last: bigint;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caretaker-prefix-'));
    [cluster, other] = await Promise.all([startCluster(), startCluster()]);
    client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
    elsewhere = new MemberClient({ member: 'm1', endpoint: other.endpoints[0] ?? '' });
    store = new LocalStore(join(folder, 'store'));
    await using history = await ObservedHistory.begin(client, () => 60);
    await put('/registry/configmaps/prod/a', '1');
    const { manifest } = await writeFull(store, client, join(folder, 'spool'));
    await put('/registry/configmaps/prod/b', '1');
    await put('/registry/configmaps/prod/c', '1');
    last = await revisionOf(client);
    await put('/new/a', '1');
    const range = [manifest.lastRevision + 1n, last] as const;
    segments = (await writeSegments(store, await history.until(last), range, { every: 1 })).keys;
  });
  afterAll(async () => {
    client.close();
    elsewhere.close();
    await Promise.all([cluster.close(), other.close()]);
    await rm(folder, { recursive: true, force: true });
  });

  const put = (key: string, value: string) => client.put(Buffer.from(key), Buffer.from(value));
  const undoFile = () => join(folder, 'undo.jsonl');
  const restore = (prefix: string, options: Partial<RestorePrefixOptions> = {}) =>
    restorePrefix(
      {
        ...{ store, target: { kind: 'latest' }, live: client, ownPrefix: '/etcd-caretaker/' },
        binaries: findBinaries(process.env, join(cluster.binaries.etcd, '..')),
        subtree: subtreeOf(Buffer.from(prefix), { literal: false }),
        ...{ deleteExtra: false, withLeased: false, otherCluster: false, maxListed: 10 },
        workFolder: join(folder, 'work'),
        ...options,
      },
      never,
    );
  const apply = () => ({ apply: { undoFile: undoFile() } });

  test('a prefix that neither side has', async () => {
    await expect(restore('/regstry/')).rejects.toMatchObject({ code: 'PREFIX_EMPTY' });
    expect(await readdir(join(folder, 'work'))).toEqual([]);
  });

  test('to delete all that there is, because the past has nothing of it', async () => {
    await expect(restore('/new/', { deleteExtra: true })).rejects.toMatchObject({ code: 'PREFIX_WOULD_BE_WIPED' });
    expect((await restore('/new/')).differences.counts).toMatchObject({ keep: { keys: 1 }, 'put-back': { keys: 0 } });
  });

  test('a backup of another cluster is shown, and written only when that is said', async () => {
    const there = { live: elsewhere };
    const { notes, differences } = await restore('/registry/', there);
    expect({ first: notes[0], ...differences.counts }).toMatchObject({
      first: expect.stringContaining('another cluster'),
      'put-back': { keys: 3 },
    });
    await expect(restore('/registry/', { ...there, ...apply() })).rejects.toMatchObject({ code: 'OTHER_CLUSTER' });
    expect({ keys: await valuesBelow(elsewhere, '/'), isThere: existsSync(undoFile()) }).toEqual({
      keys: {},
      isThere: false,
    });
    const { writes } = await restore('/registry/', { ...there, ...apply(), otherCluster: true });
    expect(writes).toMatchObject({ written: 3 });
    await rm(undoFile());
  });

  test('a point that the store does not reach any more is shown, and written only when it is named', async () => {
    await client.deleteRange(Buffer.from('/registry/'), Buffer.from('/registry0'));
    const cut = new LocalStore(join(folder, 'cut'));
    for await (const { key } of store.list('')) {
      if (key !== segments[0]) await cut.put(key, Buffer.concat(await allOf(store.get(key))));
    }
    const { restored, differences } = await restore('/registry/', { store: cut });
    expect(restored.lost).toEqual({ from: last - 1n, to: last });
    expect(differences.counts['put-back'].keys).toBe(1);
    await expect(restore('/registry/', { store: cut, ...apply() })).rejects.toMatchObject({ code: 'POINT_LOST' });
    expect(await valuesBelow(client, '/registry/')).toEqual({});
    const target = { kind: 'revision', revision: restored.revision } as const;
    expect((await restore('/registry/', { store: cut, target, ...apply() })).writes).toMatchObject({ written: 1 });
    expect(await valuesBelow(client, '/registry/')).toEqual({ '/registry/configmaps/prod/a': '1' });
  });

  test('in a Kubernetes store it is said what owners and uids do, and of the resource what is its own', async () => {
    const notesOf = async (prefix: string) => (await restore(prefix, { live: elsewhere })).notes.join('\n');
    expect(await notesOf('/registry/configmaps/')).toContain('garbage collector');
    expect(await notesOf('/registry/configmaps/')).not.toContain('Nodes are');
    await elsewhere.put(Buffer.from('/registry/minions/n1'), Buffer.from('1'));
    expect(await notesOf('/registry/minions/')).toContain('Nodes are registered by their kubelets');
  });
});
