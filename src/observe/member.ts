import { within } from '../abort/linked-abort.ts';
import { faultOf } from '../cluster/agent-error.ts';
import { nameMismatch } from '../cluster/name-mismatch.ts';
import type { Finding, MemberSection, MemberState, MemberStatus } from '../cluster/sections.ts';
import { alarmsIn } from '../etcd/alarms.ts';
import { meansNoQuorum } from '../etcd/no-quorum.ts';
import type { AlarmEntry, MemberList } from '../etcd/types.ts';
import type { Collector, Round } from './collector.ts';
import { memberStatusOf } from './member-status.ts';
import { peerPortFindings } from './peer-port.ts';

export interface MemberCollectorOptions {
  /** The configured name of the own member. */
  readonly member: string;
  /** The URL at which it is asked. */
  readonly endpoint: string;
  /** Reads one key linearizably and returns the round trip in seconds. Throws `EtcdError`. */
  readonly linearizableRead: (signal: AbortSignal) => Promise<number>;
  /** How long a quorum may take; shorter than the collector's deadline, so that its absence is seen and not a deadline. */
  readonly readTimeoutMs: number;
}

/** How the own member stands: what it says of itself, its alarms, and whether a quorum answers through it. */
export function memberCollector(options: MemberCollectorOptions): Collector<'member'> {
  return {
    name: 'member',
    collect: async ({ signal, sources }: Round): Promise<MemberSection> => {
      const [reply, list, read] = await Promise.all([
        sources.status(),
        // What fails here is told by the collector `cluster`.
        sources.members().catch(() => undefined),
        readOnce(options, signal),
      ]);
      const status = memberStatusOf(reply);
      const state = stateOf(status, alarmsIn(reply), read.quorum ?? status.leaderId !== '0');
      return {
        state,
        summary: summaryOf(status, state),
        status,
        ...(read.seconds === undefined ? {} : { linearizableReadSeconds: read.seconds }),
        findings: [
          // A learner serves no such reads; that is no fault.
          ...(read.finding === undefined || status.isLearner ? [] : [read.finding]),
          ...otherName(options.member, status, list),
          ...peerPortFindings(
            options.endpoint,
            list?.members.find(({ id }) => id === status.memberId),
          ),
        ],
      };
    },
  };
}

interface Read {
  readonly seconds?: number;
  /** False when the read failed for want of a quorum; absent when it failed for another reason. */
  readonly quorum?: boolean;
  readonly finding?: Finding;
}

async function readOnce(
  { linearizableRead, readTimeoutMs }: MemberCollectorOptions,
  signal: AbortSignal,
): Promise<Read> {
  try {
    return { quorum: true, seconds: await within([signal], readTimeoutMs, linearizableRead) };
  } catch (error) {
    const { code, message, remedy } = faultOf(error);
    if (!meansNoQuorum(error)) {
      const finding: Finding = {
        code,
        severity: 'warning',
        message: `A read through this member failed, which says nothing about the quorum: ${message}.`,
        remedy: remedy ?? 'See what the error says.',
      };
      return { finding };
    }
    return {
      quorum: false,
      finding: {
        code: 'NO_QUORUM_READ',
        severity: 'critical',
        message: `No quorum answered a read through this member: ${message}.`,
        remedy: 'See which voters answer: a majority must be up and reach each other. Then look at disk latency.',
      },
    };
  }
}

/** By its name the agent knows its member; under another one it cannot tell it from one that answers in its place. */
function otherName(configured: string, { memberId }: MemberStatus, list: MemberList | undefined): readonly Finding[] {
  const name = list?.members.find(({ id }) => id === memberId)?.name ?? '';
  return name === '' || name === configured
    ? []
    : [
        {
          code: nameMismatch,
          severity: 'critical',
          message: `The member beside this agent is called ${name}, but member.name says ${configured}.`,
          remedy: `Set member.name to ${name}, or correct member.endpoint if another member is meant.`,
        },
      ];
}

/** The worst thing that is true of the member names its state. */
function stateOf(status: MemberStatus, alarms: readonly AlarmEntry[], quorum: boolean): MemberState {
  const own = new Set(alarms.filter(({ memberId }) => memberId === status.memberId).map(({ alarm }) => alarm));
  if (own.has('CORRUPT') || status.errors.some((text) => text.includes('CORRUPT'))) {
    return 'corrupt';
  }
  if (status.isLearner) {
    return 'learner';
  }
  if (!quorum) {
    return 'no-quorum';
  }
  // The alarm is the cluster's: while one member has it, every member refuses writes.
  const nospace = alarms.some(({ alarm }) => alarm === 'NOSPACE');
  return nospace || status.errors.some((text) => text.includes('NOSPACE')) ? 'nospace' : 'healthy';
}

const sentences: Readonly<Record<MemberState, string>> = {
  healthy: 'healthy',
  'no-quorum': 'answers, but no quorum reads through it',
  nospace: 'NOSPACE: writes are refused',
  corrupt: 'CORRUPT: its data differs from the others',
  learner: 'follows the log without a vote',
};

function summaryOf(status: MemberStatus, state: MemberState): string {
  const role = status.isLearner ? 'learner' : status.isLeader ? 'raft leader' : 'follower';
  return `${role}, ${sentences[state]}`;
}
