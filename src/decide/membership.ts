import type { AgentRecord, Reason } from '../cluster/caretaking.ts';
import type { OwnMemberView } from '../cluster/own-member.ts';
import { isOwnAddition, ownMemberChanges } from '../cluster/own-member-changes.ts';
import { isOwnMix, type OwnVersionChange, ownVersionChanges, seriesIn } from '../cluster/own-version-change.ts';
import type { ClusterState, MemberObserved, MemberState } from '../cluster/state.ts';
import { compareVersions, type EtcdVersion, parseVersion, seriesOf } from '../cluster/version.ts';
import { hazardsOf } from '../cluster/version-hazards.ts';
import { freshOf, votersOf } from './fitness.ts';
import { because } from './policy.ts';
import type { DecideSettings } from './settings.ts';
import { versionsOf } from './version-change.ts';

/** Writes that are not in a store for so long may be lost with it: a snapshot is taken first. */
const UNPROTECTED_SECONDS = 60;

/** More of them make each write slower without making the cluster safer: etcd's own advice. */
const MOST_VOTERS = 7;

/** A snapshot of the database comes in beside the database itself. */
const ROOM_FACTOR = 2;

/** Why nothing is healed at all: no agent can start its member. Empty where one can. */
export function notSupervised({ members, candidates }: ClusterState): readonly Reason[] {
  const seen = [...members, ...candidates].flatMap(({ observed }) => observed?.own ?? []);
  return seen.some(({ kind }) => kind !== 'none')
    ? []
    : [because('NOT_SUPERVISED', 'no agent says that it can start its member: supervise.kind is none everywhere')];
}

/** Learners that an earlier operation of the agents has added and not brought to its end. */
export function ownLearners(state: ClusterState): readonly MemberState[] {
  const own = ownMemberChanges(state.history, state.slot);
  return state.members.filter((member) => member.isLearner && isOwnAddition(own, member));
}

/** A learner of somebody else's means that somebody else changes the list. */
export function foreignLearners(state: ClusterState): readonly Reason[] {
  const own = ownLearners(state);
  return state.members
    .filter((member) => member.isLearner && !own.includes(member))
    .map(({ name }) => because('FOREIGN_LEARNER', `${name} is a learner that the agents have not added`));
}

/** Whatever is started new comes in one version; and a half upgraded cluster is not changed. */
export function mixedVersions({ members }: ClusterState): readonly Reason[] {
  const series = seriesIn(members);
  return series.size < 2
    ? []
    : [because('MIXED_VERSIONS', `members run ${[...series].toSorted().join(' and ')}: an upgrade is under way`)];
}

/** Which versions of etcd a new member may run. */
export interface FittingVersions {
  /** One that fits: agents of a former version look at this one only. */
  readonly version: string;
  /** All of them, where a change of version that the agents have begun makes it more than one. */
  readonly versions?: readonly string[];
}

/**
 * What a member may run that makes a cluster whole again; or why none may be taken in. Beside an upgrade of somebody else's none may. Where one of
 * the agents' own has ended half way, whole goes before even: etcd takes part in a cluster of its own minor version and of the one before, and a
 * cluster is of the lowest that a member runs. So neither older than the lowest that stays, nor newer by more than one.
 * @param victim who goes: with it the cluster may be of another version
 */
export function fittingVersions(state: ClusterState, victim?: MemberState): FittingVersions | Reason {
  const { members, history, slot } = state;
  const [mixed] = mixedVersions(state);
  if (mixed !== undefined && !isOwnMix(members, history, slot)) return mixed;
  const changes = ownVersionChanges(history, slot);
  const [lowest, ...others] = stayingVersions(state, victim);
  if (lowest === undefined || changes.length === 0) return { version: versionOf(state) };
  const tooNew = others.find((version) => !isWithin(lowest, version));
  if (tooNew !== undefined) {
    const message = `voters run ${seriesOf(lowest)} and ${seriesOf(tooNew)}, and more than one minor version lies between them`;
    return because('VERSION_SKEW', message);
  }
  const known = [...members.map(({ version }) => version), ...changes.flatMap(({ to, from }) => [to, ...from])];
  const versions = [...new Set(known)].flatMap((version) => {
    const parsed = version === undefined ? undefined : parseVersion(version);
    return version !== undefined && parsed !== undefined && isWithin(lowest, parsed) ? [version] : [];
  });
  const version = `${lowest.major}.${lowest.minor}.${lowest.patch}`;
  return seriesIn(versions.map((each) => ({ version: each }))).size < 2 ? { version } : { version, versions };
}

/** Why a member cannot come back in its own place: it would run what the others have left behind, and etcd refuses that. Empty where nobody knows so. */
export function leftBehind(victim: MemberState, state: ClusterState): readonly Reason[] {
  const [lowest] = stayingVersions(state, victim);
  const has = parseVersion(victim.version ?? versionLeftWith(victim, state) ?? '');
  if (lowest === undefined || has === undefined || isWithin(lowest, has) || compareVersions(has, lowest) > 0) return [];
  const message = `all other voters run ${seriesOf(lowest)} by now, and the etcd of ${victim.name} is of ${seriesOf(has)}, which does not start in a cluster of ${seriesOf(lowest)}: it has to get the newer one first; "run replace" asks its agent anew`;
  return [because('VERSION_SKEW', message)];
}

/** What one runs that does not answer, where a change of version has not come to it: its pod is of the template before still, or its turn never came. */
function versionLeftWith({ id, name }: MemberState, { history, slot, podSet }: ClusterState): string | undefined {
  const changes = ownVersionChanges(history, slot);
  const [newest] = changes;
  if (newest === undefined) return undefined;
  // A pod that had its turn may have been given back its template: what it is made of says more than the turn.
  const isLeft =
    newest.operation === 'rollout'
      ? isOfTemplateBefore(name, newest, podSet)
      : changes.every(({ taken }) => !taken.has(id));
  return isLeft ? newest.from.at(-1) : undefined;
}

function isOfTemplateBefore(name: string, { reasons }: OwnVersionChange, set: ClusterState['podSet']): boolean {
  const revision = set?.updateRevision;
  const found = set?.pods.find((pod) => pod.name === name)?.found;
  const isThis = revision !== undefined && reasons.some((reason) => reason.includes(`(${revision})`));
  return isThis && found !== undefined && found.revision !== revision;
}

/** Of the voters without the one that goes, the lowest first. */
function stayingVersions(state: ClusterState, victim: MemberState | undefined): readonly EtcdVersion[] {
  return versionsOf(votersOf(state).filter(({ id }) => id !== victim?.id))
    .map(({ version }) => version)
    .toSorted(compareVersions);
}

/** Of the same minor version as the lowest, or the next. */
function isWithin(lowest: EtcdVersion, version: EtcdVersion): boolean {
  return version.major === lowest.major && version.minor >= lowest.minor && version.minor - lowest.minor <= 1;
}

/** Precautions that the running versions ask for before the list is changed, each with its sentence. */
export function precautionsOf(state: ClusterState): readonly Reason[] {
  const rules = votersOf(state).flatMap(({ version }) =>
    (version === undefined ? [] : hazardsOf(version)).flatMap(({ hazard, effects }) =>
      effects
        .filter(({ operation, effect }) => operation === 'replace' && effect === 'precaution')
        .map(({ rule }) => `${hazard} So: ${rule}.`),
    ),
  );
  return [...new Set(rules)].map((text) => because('VERSION_PRECAUTION', text));
}

/** Whether the running versions take a new member while a voter is down. */
export function takesMemberWithVoterDown(state: ClusterState): boolean {
  return votersOf(state).every(({ reachable, version }) =>
    version === undefined
      ? !reachable
      : hazardsOf(version).every(({ id }) => id !== 'member-add-refused-with-voter-down'),
  );
}

/** What a number of voters means that is not as it should be. */
export function sizeWarnings(votersAfter: number): readonly Reason[] {
  return [
    ...(votersAfter > MOST_VOTERS
      ? [because('MANY_VOTERS', `there will be ${votersAfter} voters, and more than ${MOST_VOTERS} make writes slower`)]
      : []),
    ...(votersAfter === 2
      ? [because('QUORUM_RISK', 'there will be 2 voters: the loss of either stops all writes')]
      : []),
    ...(votersAfter > 2 && votersAfter % 2 === 0
      ? [
          because(
            'EVEN_VOTERS',
            `there will be ${votersAfter} voters, which survive no more losses than ${votersAfter - 1}`,
          ),
        ]
      : []),
  ];
}

/** Whether a snapshot has to be taken first, or why nothing may be done without a backup. */
export function backupFirst(
  { unprotectedSeconds }: ClusterState,
  { backups, heal }: DecideSettings,
): { readonly snapshot: boolean } | Reason {
  if (heal.withoutBackup) return { snapshot: false };
  if (backups.stores === 0) {
    return because('NO_BACKUP', 'no backup.store is configured, and heal.withoutBackup does not consent to that');
  }
  return { snapshot: unprotectedSeconds === undefined || unprotectedSeconds > UNPROTECTED_SECONDS };
}

/** Bytes that a new member needs on its disk. */
export function roomFor({ members }: ClusterState): number {
  return ROOM_FACTOR * Math.max(0, ...members.map(({ dbSizeBytes = 0 }) => dbSizeBytes));
}

/** The version that most voters run, which a new one should have. */
function versionOf(state: ClusterState): string {
  const counts = Map.groupBy(
    votersOf(state).flatMap(({ version }) => version ?? []),
    (version) => version,
  );
  const [most] = [...counts].toSorted(([, a], [, b]) => b.length - a.length);
  return most?.[0] ?? '';
}

/** An agent that can start a member, and what the list is to say of it. */
export interface Bringer {
  readonly name: string;
  readonly agentId: string;
  readonly peerUrls: readonly string[];
}

/** Why an agent cannot start a new member, as the end of a sentence; undefined where it may be asked. */
export function unfitToBring(agent: AgentRecord | undefined, observed: MemberObserved | undefined): string | undefined {
  if (agent === undefined) return 'has no agent that is registered';
  const own = observed?.own;
  if (observed === undefined || own === undefined) return 'has an agent that does not say how its data are';
  if (own.kind === 'none') return 'has an agent that does not start it (supervise.kind is none)';
  if (observed.localPause !== undefined) return `has an agent that is paused: ${observed.localPause}`;
  return refusal(own);
}

function refusal({ boot, dataDir }: OwnMemberView): string | undefined {
  if (dataDir.state === 'unreadable') return `has a data dir that cannot be looked at: ${dataDir.problem}`;
  if (boot?.action === 'stay-out') return `is to stay out: ${boot.reasons[0].message}`;
  return boot?.action === 'refuse' ? `is refused by its agent: ${boot.reasons[0].message}` : undefined;
}

/** The agent beside a listed member, where it can start it anew. */
export function ownBringer(member: MemberState): Bringer | undefined {
  const observed = freshOf(member);
  if (member.agent === undefined || unfitToBring(member.agent, observed) !== undefined) return undefined;
  const url = observed?.own?.peerUrl;
  return {
    name: member.agent.member,
    agentId: member.agent.memberId,
    peerUrls: url === undefined ? member.peerUrls : [url],
  };
}

/** The candidates that may be asked, in the order of their names. */
export function candidateBringers({ candidates }: ClusterState): readonly Bringer[] {
  return candidates
    .filter(({ agent, observed }) => unfitToBring(agent, observed) === undefined)
    .map(({ agent }) => ({ name: agent.member, agentId: agent.memberId, peerUrls: agent.candidate.peerUrls }))
    .toSorted((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
}
