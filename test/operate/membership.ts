import { rm } from 'node:fs/promises';
import type { HistoryEntry, OperationName, Slot } from '../../src/cluster/caretaking.ts';
import type { ClusterState, MemberState } from '../../src/cluster/state.ts';
import { parseSlot } from '../../src/journal/records/slot.ts';
import { takeOverSlot } from '../../src/journal/slot.ts';
import type { AskedAgents } from '../../src/operate/backup-ports.ts';
import type { Permit } from '../../src/operate/effects.ts';
import { SlotJournal } from '../../src/operate/slot-journal.ts';
import type { RealMember } from '../real/cluster.ts';
import { agentsOnMembers } from './agents-on-members.ts';
import type { Operating, Runnable, TestTerm } from './operating.ts';

/** Changes of the member list of a real cluster, with a double for the agents beside its members. */
export interface Membership {
  /** What the agents were asked for: `fence m2`. */
  readonly asked: string[];
  /** Begins an operation; whoever goes on with it gives the journal. */
  begin(operation: OperationName, parameters: Slot['parameters'], targets: readonly string[]): Promise<Begun>;
  run(begun: Begun, more?: Partial<Runnable>): Promise<HistoryEntry | undefined>;
  /** Another leader goes on with what stands in the slot. */
  takeOver(begun: Begun): Promise<Begun>;
  /** The parameters of a replacement of a member by its own agent. */
  replacing(name: string, more?: Slot['parameters']): Promise<Slot['parameters']>;
  /** Kills a member and removes its data. */
  wipe(name: string): Promise<void>;
  listed(name: string): Promise<MemberState | undefined>;
  member(name: string): RealMember;
}

export interface Begun {
  readonly term: TestTerm;
  readonly journal: SlotJournal;
  readonly agents: AskedAgents;
}

export function membershipOf(on: Operating): Membership {
  const asked: string[] = [];
  const all = [...on.cluster.members, ...on.cluster.spares];
  /** Agents keep the id under which they were known when an operation began. */
  const agentIds = new Map<string, string>();
  const member = (name: string): RealMember => {
    const found = all.find((each) => each.name === name);
    if (found === undefined) throw new Error(`there is no member ${name}`);
    return found;
  };
  const well = (): number => on.cluster.members.findIndex(({ running }) => running);
  const agentsFor = (slot: () => Slot): AskedAgents =>
    agentsOnMembers({
      members: all,
      client: () => on.client(well()),
      slot,
      memberOf: (id) => member(id.startsWith('candidate:') ? id.slice('candidate:'.length) : (agentIds.get(id) ?? '')),
      asked: (step, { name }) => asked.push(`${step} ${name}`),
    });
  const listed = async (name: string): Promise<MemberState | undefined> => {
    const { members }: ClusterState = await on.observe();
    for (const { id, name: theirs } of members) agentIds.set(id, theirs);
    return members.find((each) => each.name === name);
  };
  return {
    asked,
    member,
    listed,
    begin: async (operation, parameters, targets) => {
      await listed('');
      const term = await on.term();
      const journal = await on.slot(term, { operation, parameters, targets });
      return { term, journal, agents: agentsFor(() => journal.slot) };
    },
    run: ({ term, journal, agents }, more = {}) => on.run({ term, journal, agents, ...more }),
    takeOver: async ({ journal: { slot } }) => {
      const term = await on.term({ epoch: slot.epoch + 1n, holder: slot.holder });
      const client = on.client(well());
      const [kv] = (await client.range({ key: on.keys.slot })).kvs;
      const parsed = parseSlot(kv?.value ?? Buffer.alloc(0));
      if (kv === undefined || parsed.kind !== 'record') throw new Error('there is no slot that can be read');
      const { createRevision, modRevision } = kv;
      const left = { slot: parsed.record, createRevision, modRevision };
      const taken = await takeOverSlot(client, on.keys, term, left);
      const journal = new SlotJournal({ client, keys: on.keys, term, history: () => [] }, taken);
      return { term, journal, agents: agentsFor(() => journal.slot) };
    },
    replacing: async (name, more = {}) => {
      const victim = await listed(name);
      if (victim === undefined) throw new Error(`${name} is not listed`);
      return {
        ...{ victim: victim.id, victimName: name, name, agentId: victim.id, victimAgentId: victim.id },
        ...{ peerUrls: victim.peerUrls, needBytes: 0, version: victim.version ?? '', order: 'remove-first' },
        ...{ snapshot: false, evenIfWell: false, ...more },
      };
    },
    wipe: async (name) => {
      // An election takes long here: what it costs is not what is looked at.
      const [led, victim] = [await on.leader(), await listed(name)];
      const other = (await on.observe()).members.find(({ id, isLearner }) => id !== led && !isLearner);
      if (victim?.id === led && other !== undefined) await on.effects.moveLeader(led, other.id, permit());
      await member(name).kill();
      await rm(member(name).dataDir, { recursive: true, force: true });
    },
  };
}

/** The steps of an operation in order; what etcd refused and was made again counts once. */
export function stepsOf(entry: HistoryEntry | undefined): readonly string[] {
  const names = (entry?.steps ?? []).map(({ name }) => name);
  return names.filter((name, index) => name !== names[index - 1]);
}

/** For calls of the test itself. */
export function permit(): Permit {
  return { signal: new AbortController().signal, check: () => undefined };
}
