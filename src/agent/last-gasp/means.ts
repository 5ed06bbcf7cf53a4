import type { GaspSourceKind } from '../../backup/last-gasp/manifest.ts';
import { AgentError } from '../../cluster/agent-error.ts';
import type { Observation } from '../../cluster/observation.ts';

/**
 * In which ways what the own member has can be got at, the best first. The Snapshot call is tried wherever the member may run. Throws
 * `LAST_GASP_NOT_POSSIBLE` where there is none.
 */
export function meansFor({ sections }: Observation): readonly GaspSourceKind[] {
  const { member, process, wal } = sections;
  if (member?.value?.state === 'learner') {
    throw notPossible('It is a learner, which gives no snapshot.', 'See what the voters have kept.');
  }
  // Its metrics page shows that it is alive, and so that all it has applied is in its database file.
  if (wal?.value !== undefined) return ['snapshot', 'database-file'];
  if (member?.value !== undefined) return ['snapshot'];
  const isGone = process?.fault?.code === 'ETCD_PROCESS_NOT_FOUND' && member?.fault?.code === 'ETCD_UNREACHABLE';
  if (isGone) return ['data-dir'];
  const why = member?.fault?.message ?? 'it has not been asked yet';
  throw notPossible(
    `It does not answer, and that it has ended is not known: ${why}.`,
    'If etcd hangs, stop it: then its data dir is copied. Else see why it does not answer.',
  );
}

function notPossible(why: string, remedy: string): AgentError {
  return new AgentError('LAST_GASP_NOT_POSSIBLE', `Nothing can be kept of the own member. ${why}`, { remedy });
}
