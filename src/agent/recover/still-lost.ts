import { AgentError } from '../../cluster/agent-error.ts';
import type { AgreedPlan } from '../../cluster/recovery.ts';
import type { RecoverAgents } from './ports.ts';

/**
 * Throws `RECOVERY_LOST_ANSWERS` where something accepts connections at an address of a member that was called lost: with those others it
 * may be a quorum, and a second cluster would begin beside it.
 */
export async function stillLost(
  { lost }: Pick<AgreedPlan, 'lost'>,
  agents: Pick<RecoverAgents, 'listens'>,
  signal: AbortSignal,
): Promise<void> {
  for (const { name, urls } of lost) {
    for (const url of urls) {
      if (!(await agents.listens(url, signal))) continue;
      throw new AgentError('RECOVERY_LOST_ANSWERS', `${name} was called lost, and something listens at ${url}.`, {
        remedy:
          'Stop its etcd, or start the agent beside it and leave --lost out: what it has may be what the others lack.',
      });
    }
  }
}
