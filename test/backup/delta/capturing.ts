import { setTimeout as sleep } from 'node:timers/promises';
import { DeltaStream, type DeltaStreamOptions } from '../../../src/backup/delta/delta-stream.ts';
import type { WriterFacts } from '../../../src/backup/delta/sealer.ts';
import type { DeltaTold } from '../../../src/backup/delta/told.ts';
import type { MemberClient } from '../../../src/etcd/member-client.ts';

/** A delta stream that runs, and everything that it told. */
export interface Capturing extends AsyncDisposable {
  readonly stream: DeltaStream;
  readonly told: readonly DeltaTold[];
  /** Settles when the stream has ended; rejects with what it failed with. */
  readonly ended: Promise<void>;
  /** Waits until everything that etcd has now has been seen. */
  seenAll(): Promise<bigint>;
  /** Waits until everything that etcd has now is seen and stored. */
  storedAll(): Promise<bigint>;
}

/** What a writer says of itself in tests. */
async function factsOf(client: MemberClient, epoch = 1n): Promise<WriterFacts> {
  const { header, version } = await client.status();
  return {
    timeline: 't1',
    clusterId: header.clusterId,
    clusterName: 'test',
    member: 'm1',
    memberId: header.memberId,
    etcdVersion: version,
    epoch,
  };
}

/** Opens and runs a stream with short times. */
export async function startCapturing(
  client: MemberClient,
  options: Pick<DeltaStreamOptions, 'destinations' | 'spool'> &
    Partial<DeltaStreamOptions> & { readonly epoch?: bigint },
): Promise<Capturing> {
  const ending = new AbortController();
  const told: DeltaTold[] = [];
  const facts = await factsOf(client, options.epoch);
  const stream = await DeltaStream.open(
    { client, facts: () => facts, intervalMs: 20, lookEveryMs: 100, tell: (what) => void told.push(what), ...options },
    ending.signal,
  );
  const ended = stream.run(ending.signal);
  ended.catch(() => undefined);
  const seenAll = async (): Promise<bigint> => {
    const { header } = await client.range({ key: Buffer.from([0]), limit: 1, keysOnly: true });
    const limit = AbortSignal.any([AbortSignal.timeout(60_000), ending.signal]);
    while (stream.status.capture.lastSeenRevision < header.revision) {
      limit.throwIfAborted();
      await sleep(5);
    }
    return header.revision;
  };
  return {
    stream,
    told,
    ended,
    seenAll,
    storedAll: async () => {
      const revision = await seenAll();
      await stream.flush(AbortSignal.any([AbortSignal.timeout(60_000), ending.signal]));
      return revision;
    },
    [Symbol.asyncDispose]: async () => {
      ending.abort();
      await ended.catch(() => undefined);
    },
  };
}
