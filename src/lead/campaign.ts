import type { MemberClient } from '../etcd/member-client.ts';
import { certainTxn } from '../journal/certain-txn.ts';
import type { JournalKeys } from '../journal/keys.ts';
import { encodeEpoch } from '../journal/records/epoch.ts';
import { encodeLeader } from '../journal/records/leader.ts';
import type { JournalSnapshot } from '../journal/snapshot.ts';
import type { Won } from './lease-term.ts';
import type { Registered, Registration } from './registration.ts';
import { highestClaimed } from './spare-claims.ts';

export interface CampaignOptions {
  readonly client: MemberClient;
  readonly keys: JournalKeys;
  readonly registration: Registration;
  readonly registered: Registered;
  readonly snapshot: JournalSnapshot;
}

/**
 * Tries to become the leader, in one transaction that takes the leader's key and raises the epoch above every one that was
 * ever used. Undefined where somebody was faster, or the snapshot was no longer right. Throws as `certainTxn` does.
 */
export async function campaign(
  { client, keys, registration, registered, snapshot }: CampaignOptions,
  signal: AbortSignal,
): Promise<Won | undefined> {
  const { memberId, member, instance } = registration.record;
  const used = highestClaimed(snapshot);
  const stored = snapshot.epoch ?? 0n;
  const epoch = (used > stored ? used : stored) + 1n;
  const value = encodeLeader({ memberId, member, instance, epoch, sinceMs: Date.now() });
  // Nobody may have claimed the spare epoch of this number since.
  const unclaimed = (snapshot.spares.find((spare) => spare.epoch === epoch)?.members ?? []).map((id) => ({
    key: keys.spareEpoch(epoch, id),
    versionAbove: 0n,
  }));
  const { succeeded, revision } = await certainTxn(
    client,
    {
      compare: [
        { key: keys.leader, createRevision: 0n },
        { key: keys.epoch, modRevision: snapshot.epochRevision },
        { key: keys.agent(memberId), createRevision: registered.createRevision },
        ...unclaimed,
      ],
      changes: [
        { put: keys.leader, value, lease: registered.lease.id },
        { put: keys.epoch, value: encodeEpoch(epoch) },
      ],
      witness: { key: keys.leader, value },
    },
    signal,
  );
  return succeeded ? { epoch, createRevision: revision } : undefined;
}
