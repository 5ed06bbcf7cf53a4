import { rename } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { statedLosses } from '../../healing/stated-loss.ts';
import type { TendedMember } from '../../healing/tended-cluster.ts';
import type { Measured } from './plan.ts';
import type { TendedGround } from './tended-ground.ts';

/** How long a machine is away before it comes back empty: less than `heal.replaceAfter`. */
export const awayMs = 5000;

/** Etcd is killed: until it serves again. */
export async function processKilled(ground: TendedGround, run: number): Promise<Measured> {
  const victim = ground.victim(run);
  const begunMs = performance.now();
  victim.killEtcd();
  return { seconds: ((await ground.untilServes(victim)) - begunMs) / 1000 };
}

/** Etcd is killed and its data dir gone in the same moment, with the agent alive: until all are voters again. */
export async function dataWiped(ground: TendedGround, run: number): Promise<Measured> {
  const victim = ground.victim(run);
  const begunMs = performance.now();
  // Out of sight of the agent, in one step: it must not meet half of it.
  await rename(victim.dataDir, `${victim.dataDir}-wiped-${run}`);
  victim.killEtcd();
  return { seconds: ((await ground.untilVoters()) - begunMs) / 1000 };
}

/** A machine goes, and is back empty after 5 s: until all are voters again, from when it went. */
export async function machineEmptied(ground: TendedGround, run: number): Promise<Measured> {
  const victim = ground.victim(run);
  const begunMs = performance.now();
  await down(victim);
  await victim.wipeMachine();
  await sleep(awayMs);
  victim.startAgent();
  return { seconds: ((await ground.untilVoters()) - begunMs) / 1000 };
}

/** Everything is killed, and the disks of so many are wiped: until a write goes in again, and what is missing then. */
export async function allKilled(ground: TendedGround, wiped: number): Promise<Measured> {
  const { members } = ground.cluster;
  const begunMs = performance.now();
  await Promise.all(members.map((member) => member.killAgent()));
  const diedMs = performance.now();
  for (const member of members) member.killEtcd();
  await Promise.all(members.map(untilDown));
  for (const member of members.slice(0, wiped)) await member.wipeData();
  for (const member of members) member.startAgent();
  const backMs = await ground.untilWritable(performance.now());
  const seconds = (backMs - begunMs) / 1000;
  await ground.untilVoters();
  const client = ground.cluster.client();
  try {
    const { missing, oldestSeconds } = await ground.writes.missing(client, diedMs);
    const planned = statedLosses(ground.cluster).at(-1)?.revisions;
    return { seconds, missing, missingSeconds: oldestSeconds, ...(planned === undefined ? {} : { planned }) };
  } finally {
    client.close();
  }
}

async function down(member: TendedMember): Promise<void> {
  await member.killAgent();
  member.killEtcd();
  await untilDown(member);
}

async function untilDown(member: TendedMember): Promise<void> {
  while (member.etcdPid() !== undefined) await sleep(10);
}
