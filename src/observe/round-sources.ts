import { expectMember, expectMemberPage } from '../etcd/identity.ts';
import type { MemberList, MetricsPage, StatusReply } from '../etcd/types.ts';
import type { Sources } from './sources.ts';

/** How the sources are read; each read ends with its round. */
export interface SourceReads {
  readonly status: () => Promise<StatusReply>;
  readonly members: () => Promise<MemberList>;
  readonly metricsPage: () => Promise<MetricsPage>;
}

/** Where the own member is asked. */
export interface OwnMember {
  /** Its name in the member list. */
  readonly member: string;
  readonly endpoint: string;
  readonly metricsUrl: string;
}

/**
 * Remembers which id the own member has: that of its name in the newest member list. While no list has the name, the id of
 * the first reply holds, for as long as it is listed. One per agent.
 */
export class MemberIdentity {
  readonly #own: OwnMember;
  #memberId: string | undefined;
  #byName = false;

  constructor(own: OwnMember) {
    this.#own = own;
  }

  /** The id, once it is known. */
  get memberId(): string | undefined {
    return this.#memberId;
  }

  /** Takes the id that the own member has in the list; a list without it leaves the last one that the name had. */
  learn({ members }: MemberList): void {
    const named = members.find(({ name }) => name === this.#own.member)?.id;
    if (named !== undefined) {
      this.#memberId = named;
      this.#byName = true;
    } else if (!this.#byName && members.every(({ id }) => id !== this.#memberId)) {
      this.#memberId = undefined;
    }
  }

  /** Throws ETCD_WRONG_MEMBER when a reply came from somebody else, as it does behind a load balancer. */
  check(reply: StatusReply): StatusReply {
    this.#memberId ??= reply.header.memberId;
    const { member, endpoint } = this.#own;
    expectMember(reply, { member, endpoint, memberId: this.#memberId });
    return reply;
  }

  /** Throws ETCD_WRONG_MEMBER when a metrics page is another member's. */
  checkPage(page: MetricsPage): MetricsPage {
    if (this.#memberId !== undefined) {
      const { member, metricsUrl } = this.#own;
      expectMemberPage(page, { member, endpoint: metricsUrl, memberId: this.#memberId });
    }
    return page;
  }
}

/** The shared reads of one round: each is made when first asked for, and once. */
export function roundSources(reads: SourceReads, identity: MemberIdentity): Sources {
  const ownReply = once(reads.status);
  const members = once(async () => {
    const list = await reads.members();
    identity.learn(list);
    return list;
  });
  // Without a list the id known so far has to do; the list's own fault is told by who needs it.
  const learnt = (): Promise<unknown> => members().catch(() => undefined);
  const status = once(async () => {
    const [reply] = await Promise.all([ownReply(), learnt()]);
    return identity.check(reply);
  });
  return {
    members,
    ownReply,
    status,
    ownId: once(async () => {
      await learnt();
      return identity.memberId ?? (await status()).header.memberId;
    }),
    metricsPage: once(async () => {
      // Whose page it is can be told once the member itself has said who it is, or the list has.
      const [page] = await Promise.all([reads.metricsPage(), status().catch(() => undefined)]);
      return identity.checkPage(page);
    }),
  };
}

function once<T>(read: () => Promise<T>): () => Promise<T> {
  let promise: Promise<T> | undefined;
  return () => {
    promise ??= read();
    return promise;
  };
}
