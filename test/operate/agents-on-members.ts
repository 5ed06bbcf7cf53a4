import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReportRecord, Slot } from '../../src/cluster/caretaking.ts';
import type { MemberClient } from '../../src/etcd/member-client.ts';
import type { AskedAgents } from '../../src/operate/backup-ports.ts';
import { findBinaries } from '../real/binaries.ts';
import type { RealMember } from '../real/cluster.ts';

/** What the double works with. */
export interface AgentsOnMembers {
  readonly members: readonly RealMember[];
  /** Of a member that is well. */
  readonly client: () => MemberClient;
  /** The slot as it stands: its newest step says what is asked. */
  readonly slot: () => Slot;
  /** The member whose agent is registered under an id. */
  readonly memberOf: (agentId: string) => RealMember;
  readonly asked?: (step: string, member: RealMember) => void;
}

/** Does what agents do beside real members: it starts, stops and moves away real etcds, and reports at once. */
export function agentsOnMembers(options: AgentsOnMembers): AskedAgents {
  return {
    reportOf: async ({ operationId, step, memberId }, signal): Promise<ReportRecord> => {
      const { phase } = options.slot();
      const member = options.memberOf(memberId);
      options.asked?.(phase, member);
      if (phase === 'fence') await fence(member, options.client());
      if (phase === 'start-joined') await startJoined(member, options, signal);
      if (phase === 'stop-member') await member.stop();
      if (phase === 'restart-member') await startedAgain(member);
      if (phase === 'switch-version') await startedAgain(member, findBinaries('3.5').etcd);
      return { operationId, step, memberId, outcome: 'succeeded', summary: 'done', figures: {} };
    },
  };
}

async function startedAgain(member: RealMember, etcd?: string): Promise<void> {
  await member.stop();
  await member.start(etcd === undefined ? {} : { etcd });
}

/** Stops it, and moves its data away unless their member is listed. */
async function fence(member: RealMember, client: MemberClient): Promise<void> {
  await member.kill();
  if (!existsSync(member.dataDir)) return;
  const { members } = await client.memberList();
  if (members.some(({ name }) => name === member.name)) throw new Error(`${member.name} is listed`);
  await rename(member.dataDir, `${member.dataDir}.quarantine-${Date.now()}`);
}

async function startJoined(member: RealMember, { client }: AgentsOnMembers, signal: AbortSignal): Promise<void> {
  const { members } = await client().memberList();
  const own = members.find(({ peerUrls }) => peerUrls.includes(member.peerUrl));
  if (own === undefined) throw new Error(`${member.name} is not listed`);
  // Never an empty dir as a member that was started before.
  if (own.name !== '' && !existsSync(member.dataDir)) throw new Error(`${member.name} was started before`);
  const initial = members.flatMap(({ id, name, peerUrls }) =>
    peerUrls.map((url) => `${id === own.id ? member.name : name}=${url}`),
  );
  const moreArgs = ['--initial-cluster', initial.join(','), '--initial-cluster-state', 'existing'];
  await member.start({ wait: false, moreArgs });
  while ((await listedName(client(), own.id)) === '') await sleep(50, undefined, { signal });
}

async function listedName(client: MemberClient, id: string): Promise<string> {
  return (await client.memberList()).members.find((each) => each.id === id)?.name ?? '';
}
