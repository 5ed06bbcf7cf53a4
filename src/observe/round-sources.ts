import { AgentError } from '../cluster/agent-error.ts';
import type { AlarmEntry, MemberList, MetricsPage, StatusReply } from '../etcd/types.ts';
import type { Sources } from './sources.ts';

/** What the sources ask the own member. */
export interface SourceReads {
  readonly status: (signal: AbortSignal) => Promise<StatusReply>;
  readonly members: (signal: AbortSignal) => Promise<MemberList>;
  readonly alarms: (signal: AbortSignal) => Promise<readonly AlarmEntry[]>;
  readonly metricsPage: (signal: AbortSignal) => Promise<MetricsPage>;
}

/** Remembers which id the own member has, by its name in the newest member list. One per agent. */
export class MemberIdentity {
  readonly #name: string;
  #id: string | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  /** The id that the own member has in the list; the last known one while it cannot be told. */
  learn(list: MemberList): void {
    this.#id = list.members.find(({ name }) => name === this.#name)?.id ?? this.#id;
  }

  /** Throws ETCD_WRONG_MEMBER when a reply came from somebody else, as it does behind a load balancer. */
  check(reply: StatusReply): StatusReply {
    const { memberId } = reply.header;
    if (this.#id !== undefined && memberId !== this.#id) {
      throw new AgentError(
        'ETCD_WRONG_MEMBER',
        `Asked ${this.#name} (${this.#id}) for its status, but the member ${memberId} answered.`,
        {
          member: this.#name,
          remedy: 'Point member.endpoint at the member itself, not at a load balancer, and check member.name.',
        },
      );
    }
    return reply;
  }
}

/** The shared reads of one round: each is made when first asked for, and once. */
export function roundSources(reads: SourceReads, identity: MemberIdentity, signal: AbortSignal): Sources {
  const members = once(async () => {
    const list = await reads.members(signal);
    identity.learn(list);
    return list;
  });
  return {
    members,
    status: once(async () => {
      const [reply] = await Promise.all([
        reads.status(signal),
        // Without a list the id known so far has to do; the list's own fault is told by who needs it.
        members().catch(() => undefined),
      ]);
      return identity.check(reply);
    }),
    alarms: once(() => reads.alarms(signal)),
    metricsPage: once(() => reads.metricsPage(signal)),
  };
}

function once<T>(read: () => Promise<T>): () => Promise<T> {
  let promise: Promise<T> | undefined;
  return () => {
    promise ??= read();
    return promise;
  };
}
