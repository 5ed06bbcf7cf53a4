import type { Slot } from '../cluster/caretaking.ts';
import type { CaretakingView } from '../cluster/caretaking-view.ts';
import type { ClusterMember } from '../cluster/sections.ts';
import { isoTime } from './iso-time.ts';

/** A member by its id, and by the name that people know, which is the id where there is none. */
export interface NamedMember {
  readonly id: string;
  readonly name: string;
}

/** The operation under way, as a status shows it. */
export interface StatusOperation {
  readonly id: string;
  readonly operation: string;
  readonly targets: readonly NamedMember[];
  /** The newest step: announced, and perhaps made. */
  readonly step: string;
  /** The member that it concerns, where there is one. */
  readonly stepMember?: NamedMember;
  readonly detail?: string;
  /** ISO 8601 in UTC, as all times here. */
  readonly startedAt: string;
  readonly stepAt: string;
  /** The member whose agent carries it out. */
  readonly holder: NamedMember;
  readonly requestedBy?: string;
}

/** What a status says of acting; without it the agent only observes. */
export interface StatusCaretaking {
  /** The agent that leads, by its member. */
  readonly leader?: NamedMember & { readonly epoch: bigint; readonly own: boolean };
  readonly operation?: StatusOperation;
  /** The whole cluster is paused. */
  readonly paused?: { readonly reason: string; readonly by: string; readonly until: string };
  /** This agent is paused by the file beside it: why. */
  readonly pausedHere?: string;
  /** The agents may act. */
  readonly armed?: boolean;
  /** Those that stand in the journal. */
  readonly agents?: readonly (NamedMember & { readonly version: string; readonly url?: string })[];
  /** What is above is current; else it is as last seen. */
  readonly journalConnected?: boolean;
}

/** Pure: what is known of acting, with members by name. */
export function statusCaretaking(
  view: CaretakingView | undefined,
  members: readonly ClusterMember[],
): StatusCaretaking {
  if (view === undefined) return {};
  const { leads, leader, slot, pause, localPause, armed, agents, journalConnected } = view;
  return {
    ...(leader === undefined
      ? {}
      : { leader: { id: leader.memberId, name: leader.member, epoch: leader.epoch, own: leads } }),
    ...(slot === undefined ? {} : { operation: operationOf(slot, members) }),
    ...(pause === undefined ? {} : { paused: { reason: pause.reason, by: pause.by, until: isoTime(pause.untilMs) } }),
    ...(localPause === undefined ? {} : { pausedHere: localPause }),
    armed: armed !== undefined,
    agents: agents.map(({ memberId, member, version, url }) => ({
      id: memberId,
      name: member,
      version,
      ...(url === undefined ? {} : { url }),
    })),
    journalConnected,
  };
}

function operationOf(slot: Slot, members: readonly ClusterMember[]): StatusOperation {
  const named = (id: string): NamedMember => {
    const name = members.find((member) => member.id === id)?.name ?? '';
    return { id, name: name === '' ? id : name };
  };
  const { id, operation, targets, phase, startedAtMs, phaseAtMs, holder, requestedBy, steps } = slot;
  const newest = steps.at(-1);
  return {
    id,
    operation,
    targets: targets.map(named),
    step: newest?.name ?? phase,
    ...(newest?.memberId === undefined ? {} : { stepMember: named(newest.memberId) }),
    ...(newest?.detail === undefined ? {} : { detail: newest.detail }),
    startedAt: isoTime(startedAtMs),
    stepAt: isoTime(newest?.atMs ?? phaseAtMs),
    holder: named(holder),
    ...(requestedBy === undefined ? {} : { requestedBy }),
  };
}
