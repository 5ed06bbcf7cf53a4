import { createHash, randomBytes } from 'node:crypto';
import { linkedAbort } from '../../abort/linked-abort.ts';
import { AgentError } from '../../cluster/agent-error.ts';
import type { MemberClient } from '../../etcd/member-client.ts';
import type { SnapshotChunk } from '../../etcd/types.ts';
import type { Encryption } from '../encryption.ts';
import { encodeManifest, type FullManifest } from '../manifest.ts';
import { manifestKey, snapshotKey, timeName } from '../names.ts';
import type { Store } from '../store/store.ts';
import type { SnapshotContent } from './bolt/content.ts';
import { SnapshotCheck } from './checked-snapshot.ts';
import type { ZstdLevel } from './compress.ts';
import { countKeys, type KeyCount } from './count-keys.ts';
import { deliver } from './deliver.ts';
import { Delivery } from './delivery.ts';
import { fullManifest } from './full-manifest.ts';
import type { SpoolPlace } from './spool-file.ts';

/** Measured: it halves what a snapshot takes from writes beside it. */
const DEFAULT_BYTES_PER_SECOND = 20_000_000;
const DEFAULT_LEVEL: ZstdLevel = 1;
const ID_BYTES = 6;

/** A store that a snapshot goes to. */
export interface FullDestination {
  /** Its place is that of the timeline. */
  readonly store: Store;
  /** Of the manifest that was written there last. */
  readonly previousManifestSha256?: string;
}

/** What a full snapshot is taken of, and where it goes. */
export interface FullOptions {
  readonly client: Pick<MemberClient, 'member' | 'status' | 'snapshot' | 'range'>;
  readonly timeline: string;
  /** Whose timeline it is, lower-case hex: nothing is taken where a member of another cluster answers. */
  readonly clusterId?: string;
  readonly clusterName: string;
  readonly epoch: bigint;
  /** At least one. */
  readonly destinations: readonly FullDestination[];
  readonly encryption?: Encryption;
  /** Somebody has said that what Kubernetes stores, its secrets among it, may go to a remote place unencrypted; default false. */
  readonly plainKubernetes?: boolean;
  /** Default 1. */
  readonly level?: ZstdLevel;
  /** Of the snapshot before compression; default 20 MB/s, `Infinity`: no limit. */
  readonly bytesPerSecond?: number;
  /** For what a store does not take quickly enough. */
  readonly spool: SpoolPlace;
  /** Called as the bytes of the snapshot come. */
  readonly onProgress?: (progress: FullProgress) => void;
  /** Called when etcd has given all of it: from here on only the stores are waited for. */
  readonly onRead?: () => void;
  /** Called for each store as soon as it has all of it or has failed; others may take longer. Must not throw. */
  readonly onOutcome?: (outcome: FullOutcome) => void;
}

/** How far it is. */
export interface FullProgress {
  readonly readBytes: number;
  readonly totalBytes: number;
}

/** What became of a snapshot at one store. */
export type FullOutcome =
  | { readonly store: Store; readonly manifest: FullManifest; readonly key: string; readonly manifestSha256: string }
  | { readonly store: Store; readonly error: unknown };

/** A full snapshot that at least one store holds. */
export interface FullTaken {
  readonly content: SnapshotContent;
  readonly keyCount: KeyCount;
  /** In the order of the destinations. */
  readonly outcomes: readonly FullOutcome[];
  /** How long etcd's read transaction was open. */
  readonly readMs: number;
}

/**
 * Takes a full snapshot of one member, reading it once for all stores; each holds it whole, with its manifest, or nothing that
 * anybody would take for a snapshot. A store that fails does not harm the others, and none waits for a slower one. Throws what etcd
 * fails with, `CLUSTER_MISMATCH`, `SNAPSHOT_CUT`,
 * `SNAPSHOT_DAMAGED` or `SNAPSHOT_UNREADABLE`, and where no store took it, what the first of them failed with (`StoreError`,
 * `SPOOL_FULL`, `SPOOL_FAILED`, `ENCRYPTION_REQUIRED`).
 */
export async function takeFull(options: FullOptions, signal?: AbortSignal): Promise<FullTaken> {
  const link = linkedAbort([signal]);
  const deliveries: Delivery[] = [];
  try {
    const { client, encryption } = options;
    const status = await client.status(link.signal);
    requireCluster(status.header.clusterId, options);
    const startedAtMs = Date.now();
    const beganMs = performance.now();
    const name = { time: timeName(startedAtMs), id: randomBytes(ID_BYTES).toString('hex') };
    const object = snapshotKey(name, encryption !== undefined);
    for (const { store } of options.destinations) {
      deliveries.push(new Delivery(store, object, options.spool, status.dbSizeBytes, link.signal));
    }
    const check = new SnapshotCheck(client.member);
    let readMs = 0;
    const source = blobs(client.snapshot(link.signal), options.onProgress, () => {
      readMs = performance.now() - beganMs;
    });
    const stored = await deliver(
      {
        source,
        check,
        bytesPerSecond: options.bytesPerSecond ?? DEFAULT_BYTES_PER_SECOND,
        level: options.level ?? DEFAULT_LEVEL,
        encryption,
        plainKubernetes: options.plainKubernetes ?? false,
      },
      deliveries,
      link.signal,
    );
    options.onRead?.();
    const snapshot = check.finished();
    const ending = deliveries.map((delivery) => delivery.end());
    const keyCount = await countKeys(client, snapshot.content, link.signal);
    const key = manifestKey({ kind: 'full', revision: snapshot.content.revision, ...name });
    const facts = { ...options, member: client.member, status, startedAtMs, snapshot, stored, object };
    const manifestFor = ({ previousManifestSha256 }: FullDestination): FullManifest => {
      // The clock may have been set meanwhile: it is asked once only.
      const endedAtMs = startedAtMs + Math.round(performance.now() - beganMs);
      return fullManifest({ ...facts, endedAtMs, keyIds: encryption?.keyIds, keyCount, previousManifestSha256 });
    };
    const outcomes = await Promise.all(
      options.destinations.map(async (destination, index) => {
        await ending[index];
        const failure = deliveries[index]?.failure;
        const outcome = await confirm(destination.store, failure, key, () => manifestFor(destination), link.signal);
        options.onOutcome?.(outcome);
        return outcome;
      }),
    );
    const [first] = outcomes;
    if (first !== undefined && 'error' in first && outcomes.every((outcome) => 'error' in outcome)) throw first.error;
    return { content: snapshot.content, keyCount, outcomes, readMs };
  } finally {
    // Whatever is still under way ends.
    link.abort();
    link.release();
    await Promise.all(deliveries.map((delivery) => delivery[Symbol.asyncDispose]()));
  }
}

function requireCluster(answering: string, { clusterId, client }: FullOptions): void {
  if (clusterId === undefined || answering === clusterId) return;
  throw new AgentError(
    'CLUSTER_MISMATCH',
    `The member at the address of ${client.member} is of the cluster ${answering}, and these backups are of ${clusterId}.`,
    { remedy: 'Correct the client URLs that the member advertises: they lead to another cluster.' },
  );
}

/** Writes the manifest, last, where the snapshot itself is there. */
async function confirm(
  store: Store,
  failure: Delivery['failure'],
  key: string,
  manifestNow: () => FullManifest,
  signal: AbortSignal,
): Promise<FullOutcome> {
  if (failure !== undefined) return { store, error: failure.error };
  const manifest = manifestNow();
  const text = encodeManifest(manifest);
  try {
    await store.put(key, text, { expectedBytes: text.length }, signal);
  } catch (error) {
    return { store, error };
  }
  return { store, manifest, key, manifestSha256: createHash('sha256').update(text).digest('hex') };
}

async function* blobs(
  chunks: AsyncIterable<SnapshotChunk>,
  onProgress: FullOptions['onProgress'],
  onEnd: () => void,
): AsyncGenerator<Buffer, void, undefined> {
  let readBytes = 0;
  for await (const { blob, remainingBytes } of chunks) {
    readBytes += blob.length;
    yield blob;
    onProgress?.({ readBytes, totalBytes: readBytes + Number(remainingBytes) });
  }
  onEnd();
}
