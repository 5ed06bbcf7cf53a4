import type { Decision, Reason } from '../cluster/caretaking.ts';
import { changeText } from '../cluster/own-version-change.ts';
import { ETCD_VERSION_ANNOTATION, type PodSetView, type PodView, podsBehind } from '../cluster/pod-set.ts';
import type { ClusterState, MemberState } from '../cluster/state.ts';
import { compareVersions, type EtcdVersion, parseVersion } from '../cluster/version.ts';
import { clusterTrouble, nospaceRaised, votersOf, voterTrouble } from './fitness.ts';
import { backupFirst } from './membership.ts';
import { endedOf } from './past.ts';
import { type Asked, act, because, hold, isSome, type Policy } from './policy.ts';
import { passes } from './reason-codes.ts';
import type { DecideSettings } from './settings.ts';
import { turnTrouble } from './turns.ts';
import { comparedText, comparison, type Versioned, versionsOf, versionText, versionTrouble } from './version-change.ts';
import { windowsNow, windowsText } from './window.ts';

const policy = 'rollout';

/** Somebody has changed the template and waits; nobody but a person gets on from these. */
const PAGED: ReadonlySet<string> = new Set([
  'KUBERNETES_SKEW',
  'NO_BACKUP',
  'NO_SPARE',
  'POD_NO_VOLUME',
  'ROLLOUT_DOUBTFUL',
  'VERSION_HAZARD',
  'VERSION_SKEW',
]);

/** What a rollout ends with that speaks against its template: the same one is not tried again by itself. */
const DOUBTS: ReadonlySet<string> = new Set([
  'AGENT_NOT_BACK',
  'ALARM_RAISED',
  'ELECTION',
  'MEMBERS_CHANGED',
  'MEMBER_DIFFERS',
  'NOT_SETTLED',
  'POD_NOT_SERVING',
  'VERSION_DIFFERS',
]);

/**
 * Brings the pods of a StatefulSet to its newest template, one after the other: another version of etcd or of the agent, other resources or
 * flags. Kubernetes itself is kept from it by the set's partition, which is lowered pod by pod.
 */
export const rolloutPolicy: Policy = (state, settings, asked) => {
  const set = state.podSet;
  if (set === undefined) {
    const message = 'the leading agent is in no pod of a StatefulSet, or has not read it in the last minute';
    return hold(policy, [because('NO_POD_SET', message)]);
  }
  if (set.updateRevision === undefined) {
    return hold(policy, [because('NO_POD_SET', `Kubernetes has not looked at the newest change of ${set.name} yet`)]);
  }
  if (asked?.target !== undefined) {
    return hold(policy, [because('TARGET_UNKNOWN', 'a rollout is of all pods that are behind: it takes no member')]);
  }
  const behind = podsBehind(set).toSorted((a, b) => b.ordinal - a.ordinal);
  if (set.partitionAtRest !== undefined) {
    return { ...heldBackAgain(set, set.partitionAtRest, behind, state, asked), makesSafe: true };
  }
  const [last] = behind;
  if (last === undefined) {
    return hold(policy, [because('PODS_CURRENT', `all pods of ${set.name} are of its newest template`)]);
  }
  if (set.partition === undefined || set.partition < set.replicas) {
    const message = `${set.name} has ${set.partition === undefined ? 'the update strategy OnDelete' : `a partition of ${set.partition}, which holds not all of its ${set.replicas} pods back`}: Kubernetes or a person brings its pods to the newest template`;
    return hold(policy, [because('ROLLOUT_BY_KUBERNETES', message)]);
  }
  return decideOn(set, behind, state, settings, asked);
};

/** An earlier rollout has ended without raising the partition again: until that is done Kubernetes brings pods to each new template by itself. */
function heldBackAgain(
  set: PodSetView,
  partition: number,
  behind: readonly PodView[],
  state: ClusterState,
  asked: Asked | undefined,
): Decision {
  const { name, currentRevision, updateRevision } = set;
  if (behind.length === 0 && currentRevision !== undefined && currentRevision !== updateRevision) {
    const message = `Kubernetes does not count ${name} as rolled out yet, and would make a pod that it loses of the template before: one of its pods is not ready`;
    return hold(policy, [because('ROLLOUT_NOT_CURRENT', message)], true);
  }
  const message = `the partition of ${name} was left lowered, and is ${partition} while nothing is rolled out`;
  const why = because('PARTITION_LOWERED', message);
  // Nothing can be written down then, and so nothing be begun.
  const trouble = [...clusterTrouble(state), ...nospaceRaised(state)];
  if (isSome(trouble)) {
    return hold(policy, [trouble[0], ...trouble.slice(1), why], !trouble.every(({ code }) => passes(code)));
  }
  return act(policy, [why], { targets: [], parameters: { partition } }, asked);
}

function decideOn(
  set: PodSetView,
  behind: readonly PodView[],
  state: ClusterState,
  settings: DecideSettings,
  asked: Asked | undefined,
): Decision {
  const voters = votersOf(state);
  const targets = behind.flatMap(({ name }) => voters.find((voter) => voter.name === name) ?? []);
  const to = parseVersion(set.etcdVersion ?? '');
  if (to === undefined) {
    const said =
      set.etcdVersion === undefined ? `has no annotation ${ETCD_VERSION_ANNOTATION}` : `says ${set.etcdVersion}`;
    const message = `the newest template of ${set.name} ${said}: which version of etcd is in it is not known`;
    return hold(policy, [because('VERSION_UNKNOWN', message)], true);
  }
  const known = versionsOf(voters);
  const isOther = known.some(({ version }) => compareVersions(version, to) !== 0);
  const version = isOther ? versionChange(known, voters, to, state, settings) : [];
  const trouble = [
    ...(asked === undefined ? doubtful(set, state) : []),
    ...strangers(behind, voters),
    ...volatile(behind),
    ...version,
    ...clusterTrouble(state),
    ...nospaceRaised(state),
    ...turnTrouble(targets, state, settings),
    ...voterTrouble(state, settings.settleMs),
    ...(asked === undefined && windowsNow(settings.windows, state.nowMs) === 'shut'
      ? [because('OUTSIDE_WINDOW', `it waits for the window ${windowsText(settings.windows)}`)]
      : []),
  ];
  const why = because(
    'PODS_BEHIND',
    `${behind.length} of ${set.pods.length} pods of ${set.name} are not of its newest template (${set.updateRevision})${
      isOther
        ? `, which has etcd ${changeText(
            versionText(to),
            voters.map((voter) => voter.version),
          )}`
        : ''
    }`,
  );
  if (isSome(trouble)) {
    // It may well be the new template that such a pod needs, and nobody gives it to it.
    const isStuck = targets.some(({ reachable, healthy }) => !reachable || !healthy);
    const page = isStuck || trouble.some(({ code }) => PAGED.has(code));
    return hold(policy, [trouble[0], ...trouble.slice(1), why], page);
  }
  const { compare, stall } = comparison(state, settings);
  const parameters = {
    revision: set.updateRevision ?? '',
    partition: set.partition ?? set.replicas,
    indexes: Object.fromEntries(
      targets.map(({ id, name }) => [id, (behind.find((pod) => pod.name === name)?.ordinal ?? 0) - set.firstOrdinal]),
    ),
    to: versionText(to),
    snapshot: isOther && settings.backups.stores > 0,
    versions: Object.fromEntries(known.map(({ member, version: runs }) => [member.id, versionText(runs)])),
    members: state.members.map(({ id }) => id),
    compare,
  };
  const uncompared = compare || voters.length === 1 ? [] : [because('PODS_BEHIND', comparedText(stall))];
  return act(policy, [why, ...uncompared], { targets: targets.map(({ id }) => id), parameters }, asked);
}

/** The last rollout of this very template has ended in a doubt, and nobody has said since that it is to go on. */
function doubtful({ updateRevision }: PodSetView, { history, resumedRevision }: ClusterState): readonly Reason[] {
  const last = endedOf(history, policy).find(({ targets }) => targets.length > 0);
  const isThis = last?.reasons.some((reason) => reason.includes(`(${updateRevision})`)) === true;
  if (last === undefined || !isThis || !DOUBTS.has(last.code ?? '') || last.revision <= resumedRevision) return [];
  const message = `the last rollout of this template ended in a doubt: ${last.summary} "run rollout" or "resume" lets it go on; another template begins anew`;
  return [because('ROLLOUT_DOUBTFUL', message)];
}

/** A pod without a volume that outlives it loses its data when it is made anew, and its member has to be replaced. */
function volatile(behind: readonly PodView[]): readonly Reason[] {
  return behind
    .filter(({ found }) => found?.hasVolume === false)
    .map(({ name }) =>
      because(
        'POD_NO_VOLUME',
        `${name} has no volume that outlives it: let Kubernetes roll out, which waits for each to be replaced`,
      ),
    );
}

/** Lowering the partition brings every pod from there on to the template: also those of which nobody is to say so. */
function strangers(behind: readonly PodView[], voters: readonly MemberState[]): readonly Reason[] {
  return behind
    .filter(({ name }) => voters.every((voter) => voter.name !== name))
    .map(({ name }) => because('POD_NO_VOTER', `${name} is behind too, and no voter is called so`));
}

function versionChange(
  known: readonly Versioned[],
  voters: readonly MemberState[],
  to: EtcdVersion,
  state: ClusterState,
  settings: DecideSettings,
): readonly Reason[] {
  const backup = backupFirst(state, settings);
  return [...versionTrouble(known, voters, to, settings), ...('code' in backup ? [backup] : [])];
}
