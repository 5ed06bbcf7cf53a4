import type { FullTaken } from '../../backup/full/take-full.ts';
import { AgentError } from '../../cluster/agent-error.ts';
import type { Fault } from '../../cluster/observation.ts';

/** What a full snapshot tells of a member whose index and file do not hold the same keys. */
export function disagreeing(member: string, { revision, keys }: FullTaken['content'], counted: number): AgentError {
  const { atLeast, atMost } = keys;
  const held = atLeast === atMost ? String(atMost) : `${atLeast} to ${atMost}`;
  const message = `${member} counts ${counted} keys at revision ${revision}, and its snapshot holds ${held}: its index and its file disagree.`;
  return new AgentError('SNAPSHOT_DISAGREES', message, {
    remedy:
      'Compare the members with `etcd-caretaker run hash-check`; where the others agree among themselves, replace this one.',
  });
}

/** What whoever asks for a snapshot gets where none can be taken. */
export function backupNotRunning(member: string): AgentError {
  return new AgentError('BACKUP_NOT_RUNNING', `The agent of ${member} does not back up at the moment.`, {
    remedy: 'Look at `etcd-caretaker status`: it says what keeps backups from going on, or who leads now.',
  });
}

/** What a timeline that was claimed by somebody else stops with. */
export function isClaimFault({ code }: Pick<Fault, 'code'>): boolean {
  return code === 'STORE_CLAIMED' || code === 'CLAIM_UNREADABLE';
}
