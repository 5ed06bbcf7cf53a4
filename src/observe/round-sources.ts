import { expectMember } from '../etcd/identity.ts';
import type { AlarmEntry, MemberList, MetricsPage, StatusReply } from '../etcd/types.ts';
import type { Sources } from './sources.ts';

/** How the sources are read; each read ends with its round. */
export interface SourceReads {
  readonly status: () => Promise<StatusReply>;
  readonly members: () => Promise<MemberList>;
  readonly alarms: () => Promise<readonly AlarmEntry[]>;
  readonly metricsPage: () => Promise<MetricsPage>;
}

/** Remembers which id the own member has, by its name in the newest member list. One per agent. */
export class MemberIdentity {
  readonly #member: string;
  readonly #endpoint: string;
  #memberId: string | undefined;

  constructor(member: string, endpoint: string) {
    this.#member = member;
    this.#endpoint = endpoint;
  }

  /** Takes the id that the own member has in the list; a list without it leaves the last known one. */
  learn(list: MemberList): void {
    this.#memberId = list.members.find(({ name }) => name === this.#member)?.id ?? this.#memberId;
  }

  /** Throws ETCD_WRONG_MEMBER when a reply came from somebody else, as it does behind a load balancer. */
  check(reply: StatusReply): StatusReply {
    if (this.#memberId !== undefined) {
      expectMember(reply, { member: this.#member, memberId: this.#memberId, endpoint: this.#endpoint });
    }
    return reply;
  }
}

/** The shared reads of one round: each is made when first asked for, and once. */
export function roundSources(reads: SourceReads, identity: MemberIdentity): Sources {
  const members = once(async () => {
    const list = await reads.members();
    identity.learn(list);
    return list;
  });
  return {
    members,
    status: once(async () => {
      const [reply] = await Promise.all([
        reads.status(),
        // Without a list the id known so far has to do; the list's own fault is told by who needs it.
        members().catch(() => undefined),
      ]);
      return identity.check(reply);
    }),
    alarms: once(() => reads.alarms()),
    metricsPage: once(() => reads.metricsPage()),
  };
}

function once<T>(read: () => Promise<T>): () => Promise<T> {
  let promise: Promise<T> | undefined;
  return () => {
    promise ??= read();
    return promise;
  };
}
