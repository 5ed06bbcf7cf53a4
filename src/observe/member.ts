import { faultOf } from '../cluster/agent-error.ts';
import type { Finding, MemberSection, MemberState, MemberStatus } from '../cluster/sections.ts';
import type { AlarmEntry } from '../etcd/types.ts';
import type { Collector, Round } from './collector.ts';
import { memberStatusOf } from './member-status.ts';

export interface MemberCollectorOptions {
  /** Reads one key linearizably and returns the round trip in seconds. Throws `EtcdError`. */
  readonly linearizableRead: (signal: AbortSignal) => Promise<number>;
}

/** How the own member stands: what it says of itself, its alarms, and whether a quorum answers through it. */
export function memberCollector(options: MemberCollectorOptions): Collector<'member'> {
  return {
    name: 'member',
    collect: async ({ signal, sources }: Round): Promise<MemberSection> => {
      const status = memberStatusOf(await sources.status());
      const alarms = await sources.alarms().catch((): readonly AlarmEntry[] => []);
      const read = await readOnce(options, status, signal);
      const state = stateOf(status, alarms, read.seconds !== undefined);
      return {
        state,
        summary: summaryOf(status, state),
        status,
        ...(read.seconds === undefined ? {} : { linearizableReadSeconds: read.seconds }),
        findings: read.finding === undefined ? [] : [read.finding],
      };
    },
  };
}

async function readOnce(
  { linearizableRead }: MemberCollectorOptions,
  status: MemberStatus,
  signal: AbortSignal,
): Promise<{ readonly seconds?: number; readonly finding?: Finding }> {
  if (status.isLearner) {
    return {};
  }
  try {
    return { seconds: await linearizableRead(signal) };
  } catch (error) {
    const { code, message, remedy } = faultOf(error);
    return {
      finding: { code, severity: 'critical', message, remedy: remedy ?? 'Look at the raft leader and the peers.' },
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
