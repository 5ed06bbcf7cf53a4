import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TendedCluster } from '../../healing/tended-cluster.ts';

const TIMEOUT_MS = 90_000;

/**
 * Waits until a drill of a cluster that was asked for is under way, and stops its process, so that the operation takes as long as this is
 * held. Disposing of it lets the drill go on.
 */
export async function drillHeldUp(cluster: TendedCluster): Promise<AsyncDisposable> {
  const untilMs = performance.now() + TIMEOUT_MS;
  for (;;) {
    const pid = drillOf(cluster);
    if (pid !== undefined) {
      process.kill(pid, 'SIGSTOP');
      return { [Symbol.asyncDispose]: async () => void process.kill(pid, 'SIGCONT') };
    }
    if (performance.now() > untilMs) throw new Error('no drill has begun');
    await sleep(5);
  }
}

/** The process of a drill that an agent of this cluster has started. */
function drillOf(cluster: TendedCluster): number | undefined {
  const agents = new Set(cluster.members.map(({ agentPid }) => agentPid));
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .find((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
        // After the name in parentheses: state, id of the parent.
        const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        const isDrill = /drill-main\.[tj]s/.test(readFileSync(`/proc/${pid}/cmdline`, 'latin1'));
        return isDrill && agents.has(Number(parent));
      } catch {
        return false;
      }
    });
}
