import type { Reason } from '../cluster/caretaking.ts';
import { tooNewForKubernetes } from '../cluster/kubernetes-etcd.ts';
import type { ClusterState, MemberState } from '../cluster/state.ts';
import { compareVersions, type EtcdVersion, parseVersion, seriesOf } from '../cluster/version.ts';
import { hazardsOf, leastRecommended } from '../cluster/version-hazards.ts';
import { votersOf } from './fitness.ts';
import { hashStall, pauseText } from './pause-forecast.ts';
import { because } from './policy.ts';
import type { DecideSettings } from './settings.ts';

/** A voter with its version read. */
export interface Versioned {
  readonly member: MemberState;
  readonly version: EtcdVersion;
}

/** The voters that say which version they run. */
export function versionsOf(voters: readonly MemberState[]): readonly Versioned[] {
  return voters.flatMap((member): Versioned | [] => {
    const version = parseVersion(member.version ?? '');
    return version === undefined ? [] : { member, version };
  });
}

/**
 * What keeps the voters from being brought to another version of etcd: up by one minor version at a time (etcd's rule), down only while a voter
 * still runs the older one, since the cluster has not taken up the newer one's ways before, to none that is too new for the Kubernetes that it
 * serves, and no defect that forbids it.
 */
export function versionTrouble(
  known: readonly Versioned[],
  voters: readonly MemberState[],
  to: EtcdVersion,
  { kubernetesMinor }: Pick<DecideSettings, 'kubernetesMinor'>,
): readonly Reason[] {
  const tooNew = kubernetesMinor === undefined ? undefined : tooNewForKubernetes(to, kubernetesMinor);
  // Within the series that runs it is only a patch, however wrong the series is.
  const isOther = known.some(({ version }) => seriesOf(version) !== seriesOf(to) && compareVersions(version, to) < 0);
  return [
    ...voters
      .filter((voter) => known.every(({ member }) => member !== voter))
      .map(({ name }) => because('VERSION_UNKNOWN', `${name} does not say which version it runs`)),
    ...skew(known, to),
    ...(tooNew === undefined || !isOther ? [] : [because('KUBERNETES_SKEW', tooNew)]),
    ...hazards(known, to),
  ];
}

/** Whether the data of a member that runs another version are compared with those of another voter, and for how long that one would stand still. */
export function comparison(
  state: ClusterState,
  settings: DecideSettings,
): { readonly compare: boolean; readonly stall: ReturnType<typeof hashStall> } {
  const voters = votersOf(state);
  const stall = hashStall(Math.max(...voters.map(({ dbSizeBytes = 0 }) => dbSizeBytes)));
  return { compare: voters.length > 1 && stall.ms <= settings.hashCheck.maxStallMs, stall };
}

/** A sentence: why they are not. */
export function comparedText(stall: ReturnType<typeof hashStall>): string {
  return `the data of each member are not compared with those of another afterwards: writes would stand still for ${pauseText(stall)}, more than maintenance.hashCheck.maxStall`;
}

/** `3.5.30` */
export function versionText({ major, minor, patch }: EtcdVersion): string {
  return `${major}.${minor}.${patch}`;
}

function skew(known: readonly Versioned[], to: EtcdVersion): readonly Reason[] {
  const tooFar = known.filter(({ version }) => version.major !== to.major || to.minor - version.minor > 1);
  const newer = known.filter(({ version }) => seriesOf(version) !== seriesOf(to) && compareVersions(version, to) > 0);
  const isHalfWay = known.some(({ version }) => version.major === to.major && version.minor <= to.minor);
  return [
    ...tooFar.map(({ member, version }) =>
      because(
        'VERSION_SKEW',
        `${member.name} runs ${versionText(version)}, and from there etcd goes to ${version.major}.${version.minor + 1} at the most: go there first`,
      ),
    ),
    ...(newer.length > 0 && !isHalfWay
      ? [
          because(
            'VERSION_SKEW',
            `all voters run ${seriesOf(newer[0]?.version ?? to)} by now, and etcd refuses to run ${seriesOf(to)} then: the way back is a restore of the snapshot that was taken before`,
          ),
        ]
      : []),
  ];
}

/** Within one series an upgrade is what mends the defect; from one series to the next the running version must not have it. */
function hazards(known: readonly Versioned[], to: EtcdVersion): readonly Reason[] {
  const running = known
    .filter(({ version }) => seriesOf(version) !== seriesOf(to) && compareVersions(version, to) < 0)
    .flatMap(({ member, version }) =>
      hazardsOf(versionText(version)).flatMap(({ hazard, effects }) =>
        effects
          .filter(({ operation, effect }) => operation === 'upgrade' && effect === 'block')
          .map(({ rule }) =>
            because('VERSION_HAZARD', `${member.name} runs ${versionText(version)}: ${hazard} So: ${rule}.`),
          ),
      ),
    );
  const least = leastRecommended(versionText(to));
  const isBack = known.some(({ version }) => compareVersions(version, to) === 0);
  return [
    ...running,
    ...(least === undefined || isBack
      ? []
      : [because('VERSION_HAZARD', `${versionText(to)} is older than ${least.version}: ${least.because}`)]),
  ];
}
