import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import type { DeltaEvent, DeltaRecord } from '../../../src/backup/delta/revision-batch.ts';
import { encryptionFor } from '../../../src/backup/encryption.ts';
import { LocalStore } from '../../../src/backup/store/local.ts';
import { compact } from '../../../src/etcd/maintenance-calls.ts';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import type { EtcdLine } from '../../real/binaries.ts';
import { startCluster } from '../../real/cluster.ts';
import { ObservedHistory } from '../restore/observed-history.ts';
import { RandomLife, seeded } from '../restore/random-life.ts';
import { writeFull, writeSegments } from '../restore/written-backup.ts';

/** A key that no text can be. */
export const BINARY_KEY = Buffer.from([0x2f, 0xff, 0x00, 0x5c, 0x2f, 0x01]);

/** One event of a watch that saw everything from the first revision on. */
export interface Lived {
  readonly revision: bigint;
  readonly event: DeltaEvent;
}

/** Backups of a store in which much happened, with what really happened beside them. */
export interface LivedStore extends AsyncDisposable {
  readonly folder: string;
  /** Below `folder`: `plain` and `encrypted` hold the same. */
  readonly identity: string;
  readonly events: readonly Lived[];
  readonly records: readonly DeltaRecord[];
  /** Of the two full snapshots; the second one was compacted between them. */
  readonly fulls: readonly [first: bigint, second: bigint];
  readonly compactRevision: bigint;
  readonly lastRevision: bigint;
}

/** A real etcd lives for a while: keys, transactions, leases, deletions, keys of Kubernetes, a compaction. */
export async function livedStore(version: EtcdLine, seed: number): Promise<LivedStore> {
  const folder = await mkdtemp(join(tmpdir(), 'caretaker-compare-'));
  const identity = await generateX25519Identity();
  const encryption = await encryptionFor([await identityToRecipient(identity)]);
  await using cluster = await startCluster({ version });
  const client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
  const random = seeded(seed);
  const life = new RandomLife(client, random, { compactions: false });
  await using history = await ObservedHistory.begin(client, (id) => life.ttls.get(id) ?? 1);
  const stores = [new LocalStore(join(folder, 'plain')), new LocalStore(join(folder, 'encrypted'))] as const;
  const kubernetes = [
    '/registry/pods/default/web',
    '/registry/pods/kube-system/dns',
    '/registry/batch.example.io/jobs/default/nightly',
    '/registry/minions/node-1',
  ];
  const full = async (): Promise<bigint> => {
    const [plain] = [await writeFull(stores[0], client, join(folder, 'spool'))];
    await writeFull(stores[1], client, join(folder, 'spool'), encryption);
    return plain.manifest.lastRevision;
  };
  const fulls: bigint[] = [];
  let compactRevision = 0n;
  for (let step = 0; step < 240; step += 1) {
    await life.step();
    const key = kubernetes[random(kubernetes.length)] ?? '';
    if (step % 3 === 0) await client.put(Buffer.from(key), Buffer.alloc(random(3) * 50, 7));
    if (step % 17 === 0) await client.deleteRange(Buffer.from(key));
    if (step % 29 === 0) await client.put(BINARY_KEY, Buffer.from(`secret-${step}`));
    if (step === 70 || step === 160) fulls.push(await full());
    if (step === 130) {
      compactRevision = (await client.range({ key: BINARY_KEY })).header.revision - 15n;
      await history.until(compactRevision + 14n);
      await compact(client, compactRevision);
    }
  }
  await client.put(Buffer.from('/end'), Buffer.from('1'));
  const { revision: lastRevision } = await client.put(Buffer.from('/end'), Buffer.from('two'));
  await client.put(Buffer.from('/end'), Buffer.from('3'));
  const records = (await history.until(lastRevision)).filter(
    (record) => record.kind === 'lease' || record.batch.revision <= lastRevision,
  );
  const [first = 0n, second = 0n] = fulls;
  const range = [first + 1n, lastRevision] as const;
  await writeSegments(stores[0], records, range, { every: 20 });
  await writeSegments(stores[1], records, range, { every: 20, encryption });
  client.close();
  const events = records.flatMap((record) =>
    record.kind === 'lease' ? [] : record.batch.events.map((event) => ({ revision: record.batch.revision, event })),
  );
  return {
    ...{ folder, identity, events, records, fulls: [first, second], compactRevision, lastRevision },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
