import type { HistoryEntry } from '../../src/cluster/caretaking.ts';
import type { ChaosAgent } from './chaos-agent.ts';
import type { ChaosCluster } from './chaos-cluster.ts';
import { defragsOf, type LoggedDefrag, overlapping } from './defrag-log.ts';
import { type FaultPoint, isChange, type RecordedCall } from './fault-point.ts';
import { notIdle } from './health.ts';
import { type ChangingOperation, type Provoked, provocations, untilReady } from './operations.ts';
import { until } from './waiting.ts';
import { startWriteLoad } from './write-load.ts';

/** What came of one operation during which the leading agent was killed, or was not. */
export interface RunResult {
  /** Whether the point was come to: else nobody was killed. */
  readonly killed: boolean;
  /** The calls of the leading agent, up to its death. */
  readonly calls: readonly RecordedCall[];
  readonly entry: HistoryEntry | undefined;
  /** From when the operation was set off until all was well again. */
  readonly seconds: number;
  readonly acknowledged: number;
  /** What is not as it must be; empty: all is well. */
  readonly problems: readonly string[];
}

/**
 * Sets an operation off and kills the leading agent at a point of it. Then another agent has to go on or to back out, the
 * dead one is started again, and in the end the cluster has to be well: see `problems`. Throws where it never gets there.
 */
export async function faultRun(
  chaos: ChaosCluster,
  operation: ChangingOperation,
  point?: FaultPoint,
): Promise<RunResult> {
  await chaos.idle();
  await untilReady(chaos, operation);
  const load = startWriteLoad(chaos.cluster.endpoints);
  let missing: readonly string[] = [];
  const sinceMs = Date.now();
  const startedMs = performance.now();
  const leader = chaos.leader();
  const before = leader.calls().length;
  let provoked: Provoked;
  let killed: boolean;
  try {
    await leader.arm({ ...(point === undefined ? {} : { point }), signal: 'SIGKILL' });
    provoked = await provocations[operation](chaos);
    killed = await diesOrEnds(chaos, leader, provoked);
    if (killed) await goOn(chaos, leader, operation);
    else await leader.arm(null);
    await until(`${operation} has no end`, () => provoked.unfinished());
    await chaos.idle();
  } finally {
    missing = await load.close();
  }
  const defrags = chaos.cluster.members.flatMap((member) => defragsOf(member, sinceMs));
  const entry = provoked.entry();
  return {
    killed,
    calls: leader.calls().slice(before),
    entry,
    seconds: (performance.now() - startedMs) / 1000,
    acknowledged: load.acknowledged,
    problems: [
      ...missing.map((key) => `the acknowledged write ${key} is gone`),
      ...overlapping(defrags),
      ...outcomeWrong(operation, killed, entry),
      ...(operation === 'defrag' && entry?.outcome === 'succeeded' ? notDefragmented(chaos, defrags) : []),
    ],
  };
}

/** The points of an operation, as one undisturbed run of it has come by them. */
export function pointsOf(calls: readonly RecordedCall[]): readonly FaultPoint[] {
  const names = [...new Set(calls.filter(({ edge }) => edge === 'before').map(({ call }) => call))];
  return names.flatMap((call): readonly FaultPoint[] => [
    { call, when: 'before' },
    ...(isChange(call) && call.startsWith('defragment#') ? [{ call, when: 'during' } as const] : []),
    { call, when: 'after' },
  ]);
}

/** Whether it died; false: it came to the end. */
async function diesOrEnds(chaos: ChaosCluster, leader: ChaosAgent, provoked: Provoked): Promise<boolean> {
  await until('the leading agent neither died nor came to an end', async () => {
    if (!leader.running) return undefined;
    return (await provoked.unfinished()) ?? (await notIdle(chaos));
  });
  return !leader.running;
}

/** Another agent leads; under NOSPACE none can until the cluster is back, and no agent may be missing for that. */
async function goOn(chaos: ChaosCluster, dead: ChaosAgent, operation: ChangingOperation): Promise<void> {
  if (operation !== 'nospace') {
    await until('no other agent leads', () => {
      const now = chaos.agentOf(chaos.journal.leader?.memberId);
      return now === undefined || now === dead ? 'the dead one stands in the journal, or nobody' : undefined;
    });
  }
  await dead.start();
}

/** What a request is refused for while the agent that was killed is not back. */
const FOR_LACK_OF_AN_AGENT: ReadonlySet<string> = new Set(['AGENT_MISSING', 'FREE_SPACE_UNKNOWN']);

/** It may stop where something kept it from the rest, but not fail; what was not begun may be refused. */
function outcomeWrong(
  operation: ChangingOperation,
  killed: boolean,
  entry: HistoryEntry | undefined,
): readonly string[] {
  if (entry === undefined) return operation === 'nospace' ? [] : ['the history has no end of it'];
  const { outcome, code = '', summary } = entry;
  if (outcome === 'succeeded' || outcome === 'stopped') return [];
  if (outcome === 'refused' && killed && FOR_LACK_OF_AN_AGENT.has(code)) return [];
  return [`it ${outcome} (${code}): ${summary}`];
}

function notDefragmented({ agents }: ChaosCluster, defrags: readonly LoggedDefrag[]): readonly string[] {
  return agents
    .filter((agent) => defrags.every(({ member }) => member !== agent.member))
    .map(({ member }) => `it is said to have succeeded, and ${member} was never defragmented`);
}
