import type { Slot } from '../../src/cluster/caretaking.ts';
import { EtcdError } from '../../src/etcd/errors.ts';
import type { MemberClient } from '../../src/etcd/member-client.ts';
import { JournalMirror } from '../../src/journal/mirror.ts';
import type { Term } from '../../src/journal/term.ts';
import { claimSpareEpoch, consumeStep } from '../../src/lead/spare-epochs.ts';
import { replenishSpares } from '../../src/lead/spare-stock.ts';
import type { SpareTerm } from '../../src/lead/spare-term.ts';
import { SpareJournal } from '../../src/operate/spare-journal.ts';
import { aSlot } from '../journal/journal-on-etcd.ts';
import { agentRecord } from '../lead/real-agent.ts';
import type { ClusterOptions } from '../real/cluster.ts';
import { type Operating, operating } from './operating.ts';

export const QUOTA_BYTES = 16 * 2 ** 20;

/** Where a recovery's history entry goes. */
export const REVISION = 1_000_000n;

/** A real cluster that refuses writes. */
export interface FullStore extends AsyncDisposable {
  readonly on: Operating;
  /** The last revision that was written. */
  readonly revision: bigint;
  /** A spare epoch's term. */
  claim(): Promise<SpareTerm>;
  /** @param spare whose steps are used, under whichever term */
  journal(spare: SpareTerm, parameters: Slot['parameters'], term?: Term): SpareJournal;
  refill(): Promise<bigint>;
}

/** Starts a cluster with a leader and a stock of spare epochs, and writes until etcd refuses. @param from what fills it */
export async function fullStore(from: 'history' | 'live', options: ClusterOptions): Promise<FullStore> {
  const on = await operating({ ...options, quotaBytes: QUOTA_BYTES });
  const { keys, ids } = on;
  const client = on.client();
  const term = await on.term();
  await client.put(keys.epoch, Buffer.from('1'));
  const mirror = new JournalMirror(client, keys);
  mirror.start();
  await replenishSpares(client, keys, term, await mirror.waitFor(({ connected }) => connected), {
    memberIds: ids,
    ttlMs: 600_000,
  });
  const refill = (): Promise<bigint> => fill(client, from);
  const revision = await refill();
  const record = agentRecord(ids[0] ?? '');
  const guard = [{ key: keys.agent(record.memberId), createRevision: 0n }];
  const claimed: SpareTerm[] = [];
  return {
    ...{ on, revision, refill },
    claim: async () => {
      const snapshot = await mirror.waitFor(({ spares }) => spares.length > 0);
      const registration = { record, guard, current: undefined };
      const spare = await claimSpareEpoch({ client, keys, snapshot, registration, ttlMs: 600_000, term });
      if (spare === undefined) throw new Error('no spare epoch could be claimed');
      claimed.push(spare);
      return spare;
    },
    journal: (spare, parameters, under = spare) =>
      new SpareJournal(
        {
          ...{ client, keys, term: under, history: () => [], revision: REVISION },
          consumeStep: async (_, signal) => {
            await consumeStep(client, keys, spare, signal);
          },
        },
        aSlot({ operation: 'nospace', epoch: spare.epoch, targets: [...ids], parameters }),
      ),
    [Symbol.asyncDispose]: async () => {
      for (const spare of claimed) spare[Symbol.dispose]();
      await mirror.close();
      await on[Symbol.asyncDispose]();
    },
  };
}

/** History: ten keys that are overwritten in turn; live: a new key each time. */
async function fill(client: MemberClient, from: 'history' | 'live'): Promise<bigint> {
  const value = Buffer.alloc(100 * 1024, 'x');
  for (let index = 0; ; index += 1) {
    const key = from === 'live' ? `live/${index}` : `history/${index % 10}`;
    try {
      await client.put(Buffer.from(key), value);
    } catch (error) {
      if (error instanceof EtcdError && error.code === 'ETCD_NOSPACE') return (await client.status()).header.revision;
      throw error;
    }
  }
}
