import { openSync } from 'node:fs';
import { journalKeys } from '../../src/journal/keys.ts';
import { type ClusterPlace, type MemberPlace, runningAgent } from '../agent/running-agent.ts';
import { CallTrap } from './call-trap.ts';
import type { AgentMessage, ArmMessage } from './fault-point.ts';
import { trappedClient, trappedEffects } from './trapped.ts';

/**
 * A whole agent in a process of its own, which can be told at which of its calls it is to die or to stop. It is forked by
 * `ChaosAgent`, with an `AgentPlan` as its argument, and ends with the one who forked it.
 */

/** What the process is started with, as JSON. */
export interface AgentPlan {
  readonly cluster: ClusterPlace;
  readonly member: MemberPlace;
  readonly set: Readonly<Record<string, string>>;
  readonly callsFile: string;
}

const plan = JSON.parse(process.argv[2] ?? '') as AgentPlan;
const trap = new CallTrap(openSync(plan.callsFile, 'a'));
const keys = journalKeys('/etcd-caretaker/');
const tell = (message: AgentMessage): void => {
  process.send?.(message);
};

process.on('message', ({ arm }: ArmMessage) => {
  trap.arm(arm);
  tell({ armed: arm !== null });
});
process.on('disconnect', () => process.exit(0));

const { url } = await runningAgent(plan.cluster, plan.member, plan.set, {
  level: 'info',
  wrapEffects: (effects) => trappedEffects(trap, effects),
  wrapClient: (client) => trappedClient(trap, client, keys),
});
tell({ url });
