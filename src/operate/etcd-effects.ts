import { within } from '../abort/linked-abort.ts';
import type { MemberStatus } from '../cluster/sections.ts';
import { EtcdError } from '../etcd/errors.ts';
import { expectMember } from '../etcd/identity.ts';
import { listensAt } from '../etcd/listens-at.ts';
import { compact, defragment, disarm, hashKeyspace, moveLeader } from '../etcd/maintenance-calls.ts';
import type { MemberClient } from '../etcd/member-client.ts';
import { addLearner, promoteLearner, removeMember, updatePeerUrls } from '../etcd/membership-calls.ts';
import type { MetricsPage, StatusReply } from '../etcd/types.ts';
import type { JournalKeys } from '../journal/keys.ts';
import type { Effects, Permit, Reads } from './effects.ts';

export interface EtcdEffectsOptions {
  /** The own member's client: for what concerns the whole cluster. */
  readonly own: MemberClient;
  /** The client of a listed member; throws where it advertises no URL. */
  readonly clientOf: (memberId: string) => MemberClient;
  readonly keys: JournalKeys;
  readonly statusOf: (reply: StatusReply) => MemberStatus;
  /** The families of a member's metrics page, at its client URL or where it is known to be. */
  readonly metricsPage: (memberId: string, families: readonly string[], signal: AbortSignal) => Promise<MetricsPage>;
  /** How long a read that only looks may take. */
  readonly readTimeoutMs: number;
}

/** 1 while the member defragments: etcd >= 3.4.18, >= 3.5.2. */
const INFLIGHT = 'etcd_disk_defrag_inflight';

/** Of a key that need not exist, from the member's own memory. */
const LOCAL_READ = { key: Buffer.from('health'), serializable: true, keysOnly: true, limit: 1 } as const;

/** The effects on a real cluster. Who answers is checked right before a call about one member. */
export function etcdEffects(options: EtcdEffectsOptions): Effects & Reads {
  const { own, keys, statusOf, readTimeoutMs } = options;
  const status = async (memberId: string, signal: AbortSignal): Promise<MemberStatus> => {
    const client = options.clientOf(memberId);
    const reply = await within([signal], readTimeoutMs, (until) => client.status(until));
    expectMember(reply, { member: client.member, endpoint: client.endpoint, memberId });
    return statusOf(reply);
  };
  const checked = async (memberId: string, { signal }: Permit): Promise<MemberClient> => {
    await status(memberId, signal);
    return options.clientOf(memberId);
  };
  return {
    compact: (revision, permit) => compact(own, revision, permit),
    defragment: async (memberId, permit) => defragment(await checked(memberId, permit), permit),
    moveLeader: async (fromId, toId, permit) => moveLeader(await checked(fromId, permit), toId, permit),
    disarmNospace: (memberId, permit) => disarm(own, { memberId, alarm: 'NOSPACE' }, permit),
    disarmCorrupt: (memberId, permit) => disarm(own, { memberId, alarm: 'CORRUPT' }, permit),
    removeMember: (memberId, permit) => removeMember(own, memberId, permit),
    addLearner: (peerUrls, permit) => addLearner(own, peerUrls, permit),
    promoteLearner: (memberId, permit) => promoteLearner(own, memberId, permit),
    updatePeerUrls: (memberId, peerUrls, permit) => updatePeerUrls(own, memberId, peerUrls, permit),
    hashKeyspace: async (memberId, revision, permit) => hashKeyspace(await checked(memberId, permit), revision, permit),
    canaryWrite: async (permit) => {
      permit.check();
      const value = Buffer.from(new Date().toISOString());
      await own.txn({ compare: [], changes: [{ put: keys.canary, value }] }, permit.signal);
    },
    status,
    linearizableRead: async (memberId, signal) => {
      const client = options.clientOf(memberId);
      await within([signal], readTimeoutMs, (until) => client.linearizableRead(until));
    },
    localRead: async (memberId, signal) => {
      const client = options.clientOf(memberId);
      await within([signal], readTimeoutMs, (until) => client.range(LOCAL_READ, until).catch(unlessRefused));
    },
    compactedBefore: async (revision, signal) => {
      // Revision 0 would be the newest one.
      if (revision <= 1n) return false;
      const page = within([signal], readTimeoutMs, (until) =>
        own.range({ ...LOCAL_READ, revision: revision - 1n }, until),
      );
      return await page.then(
        () => false,
        (error: unknown) => {
          if (error instanceof EtcdError && error.code === 'ETCD_COMPACTED') return true;
          unlessRefused(error);
          return false;
        },
      );
    },
    listensAt,
    defragInflight: async (memberId, signal) => {
      const page = await options.metricsPage(memberId, [INFLIGHT], signal);
      const value = page.samples.get(INFLIGHT)?.[0]?.value;
      return value === undefined ? undefined : value > 0;
    },
  };
}

/** A member that refuses the user has answered. */
function unlessRefused(error: unknown): void {
  const refused = error instanceof EtcdError && /^ETCD_(PERMISSION_DENIED|AUTH_REQUIRED)$/.test(error.code);
  if (!refused) throw error;
}
