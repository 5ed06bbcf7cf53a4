import { changeText } from '../cluster/own-version-change.ts';
import { compareVersions, parseVersion } from '../cluster/version.ts';
import { clusterTrouble, leaderLast, nospaceRaised, votersOf, voterTrouble } from './fitness.ts';
import { backupFirst } from './membership.ts';
import { act, because, hold, isSome, type Policy } from './policy.ts';
import { turnTrouble } from './turns.ts';
import { comparedText, comparison, versionsOf, versionText, versionTrouble } from './version-change.ts';

const policy = 'upgrade';

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
  const known = versionsOf(voters);
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
    ...versionTrouble(known, voters, to, settings),
    ...clusterTrouble(state),
    ...nospaceRaised(state),
    ...turnTrouble(targets, state, settings),
    ...voterTrouble(state, settings.settleMs),
    ...('code' in backup ? [backup] : []),
    ...unrehearsed,
  ];
  if (isSome(trouble)) return hold(policy, trouble);
  const { compare, stall } = comparison(state, settings);
  const parameters = {
    to: versionText(to),
    // However young the newest one is: there is no other way back once all of them run the new version.
    snapshot: settings.backups.stores > 0,
    versions: Object.fromEntries(known.map(({ member, version }) => [member.id, versionText(version)])),
    members: state.members.map(({ id }) => id),
    compare,
    rehearse: asked.rehearse === true,
  };
  const uncompared = because('UPGRADE_ASKED', comparedText(stall));
  const why = because(
    'UPGRADE_ASKED',
    `${targets.length} of ${voters.length} voters are to run ${changeText(
      versionText(to),
      targets.map(({ version }) => version),
    )}`,
  );
  return act(
    policy,
    [why, ...(compare || voters.length === 1 ? [] : [uncompared])],
    { targets: leaderLast(targets, state.leaderId).map(({ id }) => id), parameters },
    asked,
  );
};
