import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import { journalKeys } from '../../../src/journal/keys.ts';
import { forcedTerm } from '../../journal/journal-on-etcd.ts';
import { startCluster } from '../../real/cluster.ts';
import { patience } from '../caretaker/acting-agents.ts';
import { keeping } from './keeping.ts';

/** Calls on what lies below it wait, while it is set, as those of a network's file system do whose server is away. */
const mount: { below: string; hangs: Promise<void> | undefined; waiting: number } = vi.hoisted(() => ({
  below: '',
  hangs: undefined,
  waiting: 0,
}));

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const hanging =
    <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (mount.hangs !== undefined && String(args[0]).startsWith(mount.below)) {
        mount.waiting += 1;
        await mount.hangs;
      }
      return await call(...args);
    };
  return {
    ...real,
    ...{ lstat: hanging(real.lstat), unlink: hanging(real.unlink), readdir: hanging(real.readdir as never) },
    ...{ open: hanging(real.open), mkdir: hanging(real.mkdir) },
  };
});

it('a folder that hangs keeps the next term from nothing but itself, nor the agent from its end', async () => {
  await using cluster = await startCluster();
  const client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
  const folder = await mkdtemp(join(tmpdir(), 'caretaker-hanging-'));
  mount.below = join(folder, 'store');
  const put = async (): Promise<bigint> => (await client.put(Buffer.from('k'), Buffer.from('v'))).revision;
  const back = Promise.withResolvers<void>();
  {
    await using all = await keeping(client, folder, { store: `file://${mount.below}` });
    const storedAll = async (): Promise<void> => {
      const last = await put();
      await vi.waitFor(() => expect(all.view().stores[0]?.storedRevision ?? 0n).toBeGreaterThanOrEqual(last), patience);
    };
    await storedAll();
    mount.hangs = back.promise;
    const taking = all.keeper.takeSnapshot(new AbortController().signal).catch(() => undefined);
    await vi.waitFor(() => expect(mount.waiting).toBeGreaterThan(0), patience);
    const term = await forcedTerm(client, journalKeys('/etcd-caretaker/'));
    all.endTerm();
    await taking;
    await vi.waitFor(() => expect(all.view()).toMatchObject({ working: false }), patience);
    all.keeper.begin(term);
    await vi.waitFor(() => expect(all.view()).toMatchObject({ working: true }), patience);
    mount.hangs = undefined;
    back.resolve();
    await storedAll();
    mount.hangs = new Promise(() => undefined);
    mount.waiting = 0;
    void all.keeper.takeSnapshot(new AbortController().signal).catch(() => undefined);
    await vi.waitFor(() => expect(mount.waiting).toBeGreaterThan(0), patience);
  }
  mount.hangs = undefined;
  client.close();
  await rm(folder, { recursive: true, force: true });
});
