import type { Reason } from '../cluster/caretaking.ts';
import type { MemberState } from '../cluster/state.ts';
import { compareVersions, type EtcdVersion, parseVersion, seriesOf } from '../cluster/version.ts';
import { hazardsOf, leastRecommended } from '../cluster/version-hazards.ts';
import { clusterTrouble, leaderLast, nospaceRaised, votersOf, voterTrouble } from './fitness.ts';
import { backupFirst } from './membership.ts';
import { hashStall, pauseText } from './pause-forecast.ts';
import { act, because, hold, isSome, type Policy } from './policy.ts';
import { turnTrouble } from './turns.ts';

const policy = 'upgrade';

/** A voter with its version read. */
interface Versioned {
  readonly member: MemberState;
  readonly version: EtcdVersion;
}

/**
 * Has all voters run another version of etcd, one after the other, only for a person who says which. Up by one minor version at a time
 * (etcd's rule), down only while a voter still runs the older one: the cluster has not taken up the newer one's ways before.
 */
export const upgradePolicy: Policy = (state, settings, asked) => {
  if (asked === undefined) {
    return hold(policy, [because('ON_REQUEST', 'etcd is upgraded where a person says to which version')]);
  }
  if (asked.target !== undefined) {
    return hold(policy, [because('TARGET_UNKNOWN', 'an upgrade is of all voters: it takes no member')]);
  }
  const to = parseVersion(asked.to ?? '');
  if (to === undefined) {
    return hold(policy, [
      because('VERSION_UNKNOWN', 'which version of etcd to come to has to be said, such as 3.5.30'),
    ]);
  }
  const voters = votersOf(state);
  const known = voters.flatMap((member): Versioned | [] => {
    const version = parseVersion(member.version ?? '');
    return version === undefined ? [] : { member, version };
  });
  const targets = known.filter(({ version }) => compareVersions(version, to) !== 0).map(({ member }) => member);
  if (known.length === voters.length && targets.length === 0) {
    return hold(policy, [because('VERSION_REACHED', `all voters run ${asked.to} already`)]);
  }
  const backup = backupFirst(state, settings);
  const unrehearsed =
    asked.rehearse === true && settings.backups.stores === 0
      ? [because('NO_STORE', 'it is to be tried first on restored data, and no backup.store is configured')]
      : [];
  const trouble = [
    ...voters
      .filter((voter) => known.every(({ member }) => member !== voter))
      .map(({ name }) => because('VERSION_UNKNOWN', `${name} does not say which version it runs`)),
    ...skew(known, to),
    ...hazards(known, to),
    ...clusterTrouble(state),
    ...nospaceRaised(state),
    ...turnTrouble(targets, state, settings),
    ...voterTrouble(state, settings.settleMs),
    ...('code' in backup ? [backup] : []),
    ...unrehearsed,
  ];
  if (isSome(trouble)) return hold(policy, trouble);
  const stall = hashStall(Math.max(...voters.map(({ dbSizeBytes = 0 }) => dbSizeBytes)));
  const compare = voters.length > 1 && stall.ms <= settings.hashCheck.maxStallMs;
  const parameters = {
    to: textOf(to),
    // However young the newest one is: there is no other way back once all of them run the new version.
    snapshot: settings.backups.stores > 0,
    versions: Object.fromEntries(known.map(({ member, version }) => [member.id, textOf(version)])),
    members: state.members.map(({ id }) => id),
    compare,
    rehearse: asked.rehearse === true,
  };
  const from = [...new Set(targets.map(({ version = '' }) => version))].toSorted().join(' and ');
  const uncompared = because(
    'UPGRADE_ASKED',
    `the data of each member that was upgraded are not compared with those of another: writes would stand still for ${pauseText(stall)}, more than maintenance.hashCheck.maxStall`,
  );
  const why = because(
    'UPGRADE_ASKED',
    `${targets.length} of ${voters.length} voters are to run ${textOf(to)} instead of ${from}`,
  );
  return act(
    policy,
    [why, ...(compare || voters.length === 1 ? [] : [uncompared])],
    { targets: leaderLast(targets, state.leaderId).map(({ id }) => id), parameters },
    asked,
  );
};

function skew(known: readonly Versioned[], to: EtcdVersion): readonly Reason[] {
  const tooFar = known.filter(({ version }) => version.major !== to.major || to.minor - version.minor > 1);
  const newer = known.filter(({ version }) => seriesOf(version) !== seriesOf(to) && compareVersions(version, to) > 0);
  const isHalfWay = known.some(({ version }) => version.major === to.major && version.minor <= to.minor);
  return [
    ...tooFar.map(({ member, version }) =>
      because(
        'VERSION_SKEW',
        `${member.name} runs ${textOf(version)}, and from there etcd goes to ${version.major}.${version.minor + 1} at the most: go there first`,
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
      hazardsOf(textOf(version)).flatMap(({ hazard, effects }) =>
        effects
          .filter(({ operation, effect }) => operation === 'upgrade' && effect === 'block')
          .map(({ rule }) =>
            because('VERSION_HAZARD', `${member.name} runs ${textOf(version)}: ${hazard} So: ${rule}.`),
          ),
      ),
    );
  const least = leastRecommended(textOf(to));
  const isBack = known.some(({ version }) => compareVersions(version, to) === 0);
  return [
    ...running,
    ...(least === undefined || isBack
      ? []
      : [because('VERSION_HAZARD', `${textOf(to)} is older than ${least.version}: ${least.because}`)]),
  ];
}

function textOf({ major, minor, patch }: EtcdVersion): string {
  return `${major}.${minor}.${patch}`;
}
