import type { Reason } from '../../cluster/caretaking.ts';
import { newestList } from '../../cluster/last-list.ts';
import { quorumSize } from '../../cluster/quorum.ts';
import type { LastList, RecoveryEvidence, RecoveryPlan, StoreReach } from '../../cluster/recovery.ts';
import { formatSpan } from '../../cluster/units.ts';
import { contradictedDisks } from './contradicted-disks.ts';
import { clones } from './doubts.ts';
import { type Covered, lossAtMs, lossBound } from './loss-bound.ts';
import { because } from './reasons.ts';
import { canStart, notHeard, promised } from './waiting.ts';

/** A member that should be there, by the configuration or by the last member list, and what its agent says. */
export interface ExpectedMember {
  readonly name: string;
  /** Absent where the agent was not heard. */
  readonly evidence?: RecoveryEvidence;
  /** Why it was not heard, a sentence. */
  readonly silence?: string;
  /** Another agent than the one that asks answers where that one should: a sentence. */
  readonly clone?: string;
}

/** Everything that a plan is made of. */
export interface RecoverInput {
  readonly nowMs: number;
  readonly members: readonly ExpectedMember[];
  /** Names of members that a person has given up. */
  readonly lost: readonly string[];
  /** The best that a store has of this cluster; absent where no store is configured or has anything. */
  readonly store?: StoreReach;
  /** Why a store that is configured could not be asked, a sentence. */
  readonly storeTrouble?: string;
}

type Intact = Extract<RecoveryEvidence['own']['dataDir'], { readonly state: 'intact' }>;

interface Survivor {
  readonly evidence: RecoveryEvidence;
  readonly disk: Intact;
}

/**
 * What to do when the quorum is lost. Pure. A majority of disks loses nothing; else the disk with the newest log (highest term of its
 * last entry, then index: raft's own rule for who may lead) begins a new cluster and a store's deltas are added; else the store alone.
 * An agent that was not heard holds everything unless a person has called its member lost.
 */
export function recoverPlan(input: RecoverInput): RecoveryPlan {
  const heard = input.members.flatMap(({ evidence }) => evidence ?? []);
  const seer = heard.find(({ quorum }) => quorum === 'holds');
  const begun = promised(heard);
  if (seer !== undefined) {
    // It may be the new cluster that answers, and others have yet to stand down.
    if (isSome(begun)) return hold(begun);
    return noneNeeded([because('QUORUM_HOLDS', `the agent beside ${seer.member} sees a quorum`)]);
  }
  const survivors = survivorsOf(heard);
  const clusters = [...new Set(survivors.map(({ disk }) => disk.clusterId))];
  if (clusters.length > 1) {
    const found = survivors.map(({ evidence, disk }) => `${evidence.member}: ${disk.clusterId}`).join(', ');
    return hold([because('CLUSTERS_DIFFER', `the disks are of different clusters: ${found}`)]);
  }
  const list = listOf(heard, clusters[0]);
  const voters = votersOf(input, list, survivors);
  const needed = quorumSize(voters.count);
  const intact = survivors.filter(({ evidence, disk }) => voters.has(evidence.member, disk.memberId));
  // Two disks of one member are no two votes.
  const copies = clones(input.members);
  if (intact.length >= needed && !isSome(begun) && !isSome(copies)) return startThem(intact, voters.count);
  const waiting = [...begun, ...copies, ...notHeard(input), ...unreadable(input), ...namedWrongly(input)];
  if (isSome(waiting)) return hold(waiting);
  const [best] = intact.toSorted(newestLogFirst);
  const votersHeard = heard.filter(({ member, own }) => voters.has(member, own.identity?.memberId));
  const lostAtMs = lossAtMs(votersHeard, needed, voters.count, input.nowMs);
  const plan =
    best === undefined
      ? fromStore(input, heard, lostAtMs)
      : fromMember(input, heard, { best, intact, voters: voters.count, lostAtMs });
  const [first, ...others] = plan.reasons;
  return { ...plan, reasons: [first, ...others, ...contradictedDisks(heard, list)] };
}

interface Voters {
  readonly count: number;
  has(name: string, memberId: string | undefined): boolean;
}

/** By the last list; where nobody remembers one, the members that are expected. */
function votersOf({ members }: RecoverInput, list: LastList | undefined, survivors: readonly Survivor[]): Voters {
  if (list === undefined) {
    const names = new Set([...members.map(({ name }) => name), ...survivors.map(({ evidence }) => evidence.member)]);
    return { count: names.size, has: () => true };
  }
  const voters = list.members.filter(({ isLearner }) => !isLearner);
  return {
    count: voters.length,
    // A member whose data are gone is known by its name alone.
    has: (name, memberId) => voters.some((one) => (memberId === undefined ? one.name === name : one.id === memberId)),
  };
}

function survivorsOf(heard: readonly RecoveryEvidence[]): readonly Survivor[] {
  return heard.flatMap((evidence) => {
    const { dataDir } = evidence.own;
    return dataDir.state === 'intact' ? { evidence, disk: dataDir } : [];
  });
}

/** Of the cluster that the disks are of, where there are any. */
function listOf(heard: readonly RecoveryEvidence[], clusterId: string | undefined): LastList | undefined {
  const lists = heard
    .flatMap(({ list }) => list ?? [])
    .filter((list) => clusterId === undefined || list.clusterId === clusterId);
  return newestList(lists);
}

function startThem(intact: readonly Survivor[], voters: number): RecoveryPlan {
  const start = intact
    .filter(({ evidence }) => evidence.own.process.state !== 'running')
    .map(({ evidence }) => evidence.member);
  const names = intact.map(({ evidence }) => evidence.member).join(', ');
  const disks = because(
    'DISKS_INTACT',
    `${intact.length} of ${voters} voters have their disk (${names}): once they are started nothing is lost`,
  );
  return start.length === 0
    ? noneNeeded([disks, because('MEMBERS_RUN', `${names} run already and do not find together: look at the network`)])
    : noneNeeded([disks], start);
}

function fromMember(
  { store }: RecoverInput,
  heard: readonly RecoveryEvidence[],
  found: {
    readonly best: Survivor;
    readonly intact: readonly Survivor[];
    readonly voters: number;
    readonly lostAtMs: number;
  },
): RecoveryPlan {
  const { best, intact, voters, lostAtMs } = found;
  const { member, gasp } = best.evidence;
  const { lastTerm, lastIndex } = best.disk;
  const of = intact.length === 1 ? 'the only disk that is left' : `the newest log of ${intact.length} disks`;
  const covered: Covered = {
    lastIndex,
    ...(gasp?.revision === undefined ? {} : { revision: gasp.revision }),
    ...(store === undefined ? {} : { store }),
  };
  return {
    kind: 'seed-from-member',
    seed: member,
    bound: lossBound(heard, covered, lostAtMs),
    ...(store === undefined ? {} : { store }),
    reasons: [
      because(
        'NEWEST_LOG',
        `${member} has ${of} (term ${lastTerm}, index ${lastIndex}), and ${voters} voters were listed`,
      ),
      ...(store === undefined
        ? []
        : [because('STORE_AHEAD', `what ${store.url} has beyond it, up to revision ${store.revision}, is added`)]),
    ],
  };
}

function fromStore(
  { store, storeTrouble, nowMs }: RecoverInput,
  heard: readonly RecoveryEvidence[],
  lostAtMs: number,
): RecoveryPlan {
  const gone = because('NO_DISK_LEFT', 'no voter has a disk that can be used');
  if (store === undefined) {
    if (storeTrouble !== undefined) return hold([gone, because('NO_BACKUP', storeTrouble)]);
    return { kind: 'impossible', reasons: [gone, because('NO_BACKUP', 'no store has a backup of this cluster')] };
  }
  const seed = heard
    .filter(canStart)
    .map(({ member }) => member)
    .toSorted()[0];
  if (seed === undefined) {
    return hold([
      gone,
      because('NO_AGENT_TO_SEED', 'no agent that was heard can start a member (supervise.kind is none)'),
    ]);
  }
  const age = formatSpan(Math.max(0, nowMs - store.atMs) / 1000);
  return {
    kind: 'seed-from-store',
    seed,
    store,
    bound: lossBound(heard, { store }, lostAtMs),
    reasons: [
      gone,
      because('STORE_AHEAD', `${store.url} has everything up to revision ${store.revision}, ${age} ago${whose(store)}`),
    ],
  };
}

/** A name that was another cluster's before brings that one back: who confirms has to see it. */
function whose({ chain }: StoreReach): string {
  if (chain === undefined) return '';
  const { timeline, clusterId, begunAtMs } = chain;
  const begun = begunAtMs === undefined ? '' : `, begun ${new Date(begunAtMs).toISOString()}`;
  return `; it is of the cluster ${clusterId ?? 'that nothing in it names'} (timeline ${timeline}${begun})`;
}

/** The highest term of the last entry, then the highest index, as raft compares logs; then by name, so that all agents choose alike. */
function newestLogFirst(a: Survivor, b: Survivor): number {
  return (
    compare(b.disk.lastTerm, a.disk.lastTerm) ||
    compare(b.disk.lastIndex, a.disk.lastIndex) ||
    (a.evidence.member < b.evidence.member ? -1 : 1)
  );
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function unreadable({ members, lost }: RecoverInput): readonly Reason[] {
  return members.flatMap(({ name, evidence }) => {
    if (evidence === undefined || lost.includes(name)) return [];
    const { dataDir, process } = evidence.own;
    if (dataDir.state === 'unreadable') {
      return because('DISK_UNREADABLE', `what ${name} has on its disk is not known: ${dataDir.problem}`);
    }
    // It has them open, or they are elsewhere: a member that could serve is not given up for what is found in a folder.
    return process.state === 'running' && dataDir.state !== 'intact'
      ? because(
          'DISK_UNREADABLE',
          `etcd runs on ${name}, and its data dir is ${dataDir.state}: its data may be elsewhere`,
        )
      : [];
  });
}

/** Who answers with an intact disk is not lost, and a name that nobody knows is a slip of the hand. */
function namedWrongly({ members, lost }: RecoverInput): readonly Reason[] {
  const known = members.map((one) => one.name).join(', ');
  return lost.flatMap((name) => {
    const found = members.find((one) => one.name === name);
    if (found === undefined)
      return because('LOST_MEMBER_UNKNOWN', `${name} was called lost, and there is no such member: there are ${known}`);
    return found.evidence?.own.dataDir.state === 'intact'
      ? because('LOST_MEMBER_ANSWERS', `${name} was called lost, and its agent answers and has its disk`)
      : [];
  });
}

function noneNeeded(reasons: readonly [Reason, ...Reason[]], start: readonly string[] = []): RecoveryPlan {
  return { kind: 'none-needed', reasons, start };
}

function hold(reasons: readonly [Reason, ...Reason[]]): RecoveryPlan {
  return { kind: 'hold', reasons };
}

function isSome(reasons: readonly Reason[]): reasons is readonly [Reason, ...Reason[]] {
  return reasons.length > 0;
}
