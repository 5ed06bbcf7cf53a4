import { isoTime } from '../iso-time.ts';
import { doingBehind } from './change-doer.ts';
import type { ClusterFacts, MemberFacts } from './cluster-facts.ts';
import type { ClusterChange } from './words.ts';

/** What seems to have run for less than before and is older than this has not begun anew: the clock of its machine was set. */
const YOUNG_SECONDS = 120;

/** A change before it is known who has done it. */
interface Seen {
  readonly kind: ClusterChange['kind'];
  /** Of the members that it is about; the first is the one that it is shown with. */
  readonly ids: readonly (string | undefined)[];
  readonly message: string;
}

/**
 * What has changed between two times, in the order in which it makes sense. Pure. What is known for the first time is no change, nor is what is not
 * known at the moment.
 */
export function changesBetween(before: ClusterFacts, after: ClusterFacts): readonly ClusterChange[] {
  const seen = [
    ...quorumChange(before, after),
    ...memberChanges(before, after),
    ...processChange(before, after),
    ...otherProcesses(before, after),
    ...leaderChanges(before, after),
    ...agentVersions(before, after),
    ...alarmChanges(before, after),
    ...pauseChange(before, after),
  ];
  return seen.map(({ kind, ids, message }) => {
    const doing = doingBehind(kind, ids, before, after);
    const member = ids[0] === undefined ? undefined : nameOf(ids[0], after, before);
    return {
      at: isoTime(after.atMs),
      kind,
      ...(member === undefined ? {} : { member }),
      by: doing === undefined ? 'others' : 'caretaker',
      message: doing === undefined ? message : `${message} ${saidOf(doing)}`,
    };
  });
}

function saidOf({ operation, requestedBy }: NonNullable<ReturnType<typeof doingBehind>>): string {
  return requestedBy === undefined
    ? `The operation ${operation} of the agents did it.`
    : `The operation ${operation} of the agents did it, as ${requestedBy} had asked for.`;
}

function nameOf(id: string, ...facts: readonly ClusterFacts[]): string {
  for (const { members, agents } of facts) {
    const name = members?.get(id)?.name || agents?.get(id)?.member;
    if (name !== undefined && name !== '') return name;
  }
  return id;
}

function quorumChange({ quorumHolds: held }: ClusterFacts, { quorumHolds: holds }: ClusterFacts): readonly Seen[] {
  if (held === undefined || holds === undefined || held === holds) return [];
  return holds
    ? [{ kind: 'quorum-back', ids: [], message: 'The quorum is back: the cluster takes writes.' }]
    : [{ kind: 'quorum-lost', ids: [], message: 'The quorum is lost: the cluster takes no writes.' }];
}

function memberChanges(before: ClusterFacts, after: ClusterFacts): readonly Seen[] {
  const { members: were } = before;
  const { members: are } = after;
  if (were === undefined || are === undefined) return [];
  const name = (id: string): string => nameOf(id, after, before);
  const removed = [...were.keys()].filter((id) => !are.has(id));
  return [
    ...removed.map(
      (id): Seen => ({ kind: 'member-removed', ids: [id], message: `${name(id)} was removed from the cluster.` }),
    ),
    ...[...are].flatMap(([id, now]): readonly Seen[] => {
      const was = were.get(id);
      if (was !== undefined) return changesOfMember(id, name(id), was, now);
      const what = now.isLearner ? 'a learner' : 'a voter';
      return [{ kind: 'member-added', ids: [id], message: `${name(id)} was added to the cluster as ${what}.` }];
    }),
  ];
}

function changesOfMember(id: string, name: string, was: MemberFacts, is: MemberFacts): readonly Seen[] {
  const ids = [id];
  const seen: Seen[] = [];
  if (was.isLearner && !is.isLearner) seen.push({ kind: 'promoted', ids, message: `${name} is a voter now.` });
  if (was.reachable && !is.reachable) seen.push({ kind: 'lost', ids, message: `${name} does not answer any more.` });
  if (!was.reachable && is.reachable) seen.push({ kind: 'back', ids, message: `${name} answers.` });
  if (was.version !== undefined && is.version !== undefined && was.version !== is.version) {
    seen.push({ kind: 'version', ids, message: `${name} runs etcd ${is.version}; before it was ${was.version}.` });
  }
  return seen;
}

/** Told by what no clock has a part in: another process, or one that has used less than it had before. */
function processChange({ process: was }: ClusterFacts, after: ClusterFacts): readonly Seen[] {
  const { process: is, ownId } = after;
  if (was === undefined || is === undefined || ownId === undefined) return [];
  if (was.pid === is.pid && is.cpuSeconds >= was.cpuSeconds) return [];
  return [newProcess(ownId, after)];
}

/** An etcd that has run for less than before is another process. Its agent rounds both times. */
function otherProcesses({ uptimes: were }: ClusterFacts, after: ClusterFacts): readonly Seen[] {
  const again = [...after.uptimes].filter(
    ([id, seconds]) => seconds < YOUNG_SECONDS && seconds < (were.get(id) ?? 0) - 1,
  );
  return again.map(([id]) => newProcess(id, after));
}

function newProcess(id: string, facts: ClusterFacts): Seen {
  return { kind: 'restarted', ids: [id], message: `The etcd of ${nameOf(id, facts)} runs as a new process.` };
}

function leaderChanges(before: ClusterFacts, after: ClusterFacts): readonly Seen[] {
  const seen: Seen[] = [];
  const { leaderId: was, agentLeader: led } = before;
  const { leaderId: is, agentLeader: leads } = after;
  if (was !== undefined && is !== undefined && was !== is) {
    const message = `${nameOf(is, after)} is the raft leader; before it was ${nameOf(was, after, before)}.`;
    seen.push({ kind: 'raft-leader', ids: [is, was], message });
  }
  if (led !== undefined && leads !== undefined && led.memberId !== leads.memberId) {
    const message = `The agent beside ${leads.member} leads the agents; before it was the one beside ${led.member}.`;
    seen.push({ kind: 'agent-leader', ids: [leads.memberId, led.memberId], message });
  }
  return seen;
}

function agentVersions({ agents: were }: ClusterFacts, { agents: are }: ClusterFacts): readonly Seen[] {
  return [...(are ?? [])].flatMap(([id, { member, version }]): readonly Seen[] => {
    const was = were?.get(id)?.version;
    if (was === undefined || was === version) return [];
    const message = `The agent beside ${member} is of version ${version}; before it was ${was}.`;
    return [{ kind: 'agent-version', ids: [id], message }];
  });
}

function alarmChanges({ alarms: were }: ClusterFacts, { alarms: are }: ClusterFacts): readonly Seen[] {
  if (were === undefined || are === undefined) return [];
  const raised = [...are].filter(([key]) => !were.has(key));
  const over = [...were].filter(([key]) => !are.has(key));
  return [
    ...raised.map(([, { memberId, member, alarm }]): Seen => {
      return { kind: 'alarm', ids: [memberId], message: `${member || memberId} has raised the alarm ${alarm}.` };
    }),
    ...over.map(([, { memberId, member, alarm }]): Seen => {
      return { kind: 'alarm-over', ids: [memberId], message: `The alarm ${alarm} of ${member || memberId} is over.` };
    }),
  ];
}

function pauseChange({ pause: was }: ClusterFacts, { pause: is }: ClusterFacts): readonly Seen[] {
  if (was === undefined || is === undefined) return [];
  if (was === 'none' && is !== 'none') {
    return [{ kind: 'paused', ids: [], message: `${is.by} has paused the agents: ${is.reason}` }];
  }
  return was !== 'none' && is === 'none'
    ? [{ kind: 'resumed', ids: [], message: 'The agents are paused no more.' }]
    : [];
}
