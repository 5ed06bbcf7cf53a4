import { within } from '../abort/linked-abort.ts';
import { faultOf } from '../cluster/agent-error.ts';
import type { Finding, MemberSection, MemberState, MemberStatus } from '../cluster/sections.ts';
import type { AlarmEntry } from '../etcd/types.ts';
import type { Collector, Round } from './collector.ts';
import { memberStatusOf } from './member-status.ts';

export interface MemberCollectorOptions {
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
      const [reply, alarms, read] = await Promise.all([
        sources.status(),
        sources.alarms().catch((): readonly AlarmEntry[] => []),
        readOnce(options, signal),
      ]);
      const status = memberStatusOf(reply);
      const state = stateOf(status, alarms, read.seconds !== undefined);
      return {
        state,
        summary: summaryOf(status, state),
        status,
        ...(read.seconds === undefined ? {} : { linearizableReadSeconds: read.seconds }),
        // A learner serves no such reads; that is no fault.
        findings: read.finding === undefined || status.isLearner ? [] : [read.finding],
      };
    },
  };
}

async function readOnce(
  { linearizableRead, readTimeoutMs }: MemberCollectorOptions,
  signal: AbortSignal,
): Promise<{ readonly seconds?: number; readonly finding?: Finding }> {
  try {
    return { seconds: await within([signal], readTimeoutMs, linearizableRead) };
  } catch (error) {
    const { message } = faultOf(error);
    return {
      finding: {
        code: 'NO_QUORUM_READ',
        severity: 'critical',
        message: `No quorum answered a read through this member: ${message}.`,
        remedy: 'See which voters answer: a majority must be up and reach each other. Then look at disk latency.',
      },
    };
  }
}

/** The worst thing that is true of the member names its state. */
function stateOf(status: MemberStatus, alarms: readonly AlarmEntry[], readable: boolean): MemberState {
  const own = new Set(alarms.filter(({ memberId }) => memberId === status.memberId).map(({ alarm }) => alarm));
  if (own.has('CORRUPT') || status.errors.some((text) => text.includes('CORRUPT'))) {
    return 'corrupt';
  }
  if (status.isLearner) {
    return 'learner';
  }
  if (!readable) {
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
