import { connectTo } from '../../agent/clients.ts';
import type { Config } from '../../config/config.ts';

/**
 * The same configuration with a follower as the member that is asked first, where one of the endpoints is one: while it computes its hash nobody
 * writes through it, and through the raft leader nobody at all.
 */
export async function followerFirst(config: Config, signal: AbortSignal): Promise<Config> {
  for (const endpoint of new Set([config.member.endpoint, ...config.cluster.endpoints])) {
    const client = connectTo(config, endpoint, endpoint);
    try {
      const { header, leaderId, isLearner } = await client.status(signal);
      if (leaderId !== '0' && leaderId !== header.memberId && !isLearner) {
        return { ...config, member: { ...config.member, endpoint } };
      }
    } catch {
      // Whoever asks for the drill is told when none answers.
      signal.throwIfAborted();
    } finally {
      client.close();
    }
  }
  return config;
}
