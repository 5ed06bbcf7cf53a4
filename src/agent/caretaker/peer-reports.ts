import { within } from '../../abort/linked-abort.ts';
import type { AgentReport } from '../../cluster/assemble-state.ts';
import type { AgentRecord } from '../../cluster/caretaking.ts';
import { sightTold } from '../../cluster/told-sight.ts';

export interface PeerReportsOptions {
  readonly fetchAgent: (url: string, path: string, signal: AbortSignal) => Promise<unknown>;
  readonly timeoutMs: number;
  readonly onFault: (what: string, error: unknown) => void;
}

/** Another agent, and where it answers; without a URL it cannot be asked. */
export type PeerAgent = Pick<AgentRecord, 'memberId' | 'member' | 'url'>;

/**
 * What the other agents observe, all asked at once; who does not answer in time, or not in words that this
 * version knows, is missing. By member id.
 */
export async function peerReports(
  agents: readonly PeerAgent[],
  voters: number,
  { fetchAgent, timeoutMs, onFault }: PeerReportsOptions,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, AgentReport>> {
  const asked = agents.map(async ({ memberId, member, url }): Promise<readonly [string, AgentReport] | undefined> => {
    if (url === undefined) return undefined;
    try {
      const reply = await within([signal], timeoutMs, (until) => fetchAgent(url, '/api/v1/observation', until));
      const told = sightTold(reply, voters);
      if (told === undefined) throw new Error(`the agent of ${member} answered with something that is no observation`);
      if (told.member !== member) throw new Error(`what answers there stands beside ${told.member}, not ${member}`);
      const localPause = textAt(reply, 'caretaking', 'localPause');
      const report = {
        sight: told.sight,
        ageSeconds: numberAt(reply, 'ageSeconds') ?? 0,
        ...(localPause === undefined ? {} : { localPause }),
      };
      return [memberId, report];
    } catch (error) {
      if (!signal.aborted) onFault(`observation of the agent beside ${member}`, error);
      return undefined;
    }
  });
  return new Map((await Promise.all(asked)).filter((entry) => entry !== undefined));
}

function at(json: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    json,
  );
}

function textAt(json: unknown, ...path: readonly string[]): string | undefined {
  const value = at(json, path);
  return typeof value === 'string' ? value : undefined;
}

function numberAt(json: unknown, ...path: readonly string[]): number | undefined {
  const value = at(json, path);
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
