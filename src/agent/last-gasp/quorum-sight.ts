import type { Observation } from '../../cluster/observation.ts';
import { faultTolerance } from '../../cluster/quorum.ts';

/** What one agent can tell of the quorum. */
export type QuorumSight = 'holds' | 'lost' | 'unknown';

/** A code that says: the member took the call, and it did not come back. */
const UNANSWERED: ReadonlySet<string> = new Set(['ETCD_DEADLINE', 'ETCD_TIMED_OUT', 'ETCD_NO_LEADER']);

/**
 * Whether there is a quorum, as an observation has it. A read through it that came back is proof; else the voters that answer are
 * counted, and they must have confirmed the member list or name a leader: those that do not reach each other are none.
 */
export function quorumSight({ sections }: Observation): QuorumSight {
  const cluster = sections.cluster?.value;
  if (sections.member?.value?.linearizableReadSeconds !== undefined) return 'holds';
  if (cluster === undefined) return isStuck(sections) ? 'lost' : 'unknown';
  const { voters, votersReachable, linearizable, leaderId } = cluster;
  const holds = faultTolerance(voters, votersReachable) >= 0 && (linearizable || leaderId !== undefined);
  return holds ? 'holds' : 'lost';
}

/**
 * Under auth an agent that starts while there is no quorum gets no token, which takes one, and so no answer from anybody; but a
 * member that serves its metrics page at the same time is alive.
 */
function isStuck({ member, cluster, wal }: Observation['sections']): boolean {
  const codes = [member?.fault?.code, cluster?.fault?.code];
  return wal?.value !== undefined && codes.every((code) => code !== undefined && UNANSWERED.has(code));
}
