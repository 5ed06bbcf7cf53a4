import { parseVersion, seriesOf } from '../../../cluster/version.ts';
import { hazardsOf } from '../../../cluster/version-hazards.ts';
import { type Check, found, type Line, ok, skipped } from '../check.ts';
import type { Facts } from '../facts.ts';
import { isGranted, type NeededGrant, neededGrants } from '../needed-grants.ts';

/** What the caretaker's user lacks, operation by operation, where etcd asks for users. */
export const grantsCheck: Check = {
  group: 'grants',
  examine: (facts) => {
    const { auth } = facts;
    if (auth.enabled === undefined) return [skipped('not checked: whether etcd asks for users is not known')];
    if (!auth.enabled) return [skipped('authentication is off: every operation is allowed')];
    if (auth.user === undefined) {
      const message = 'Etcd asks for users, and the caretaker has none.';
      const remedy = 'Set cluster.auth.username and cluster.auth.passwordFile.';
      return [found({ code: 'NO_USER', severity: 'critical', message, remedy })];
    }
    if (auth.isUnknown === true) {
      const origin = auth.by === 'certificate' ? ', the common name of its client certificate' : '';
      const message = `Etcd asks for users, and has none named ${auth.user}${origin}.`;
      const remedy =
        'Set cluster.auth.username and cluster.auth.passwordFile, or add the user (etcdctl user add) with its roles.';
      return [found({ code: 'NO_USER', severity: 'critical', message, remedy })];
    }
    if (auth.roles === undefined || auth.permissions === undefined) {
      return [skipped(`the roles of ${auth.user} could not be read: ${auth.fault?.message ?? 'no reason given'}`)];
    }
    return grantLines(facts, auth.user, auth.roles);
  },
};

function grantLines({ auth, config, observation }: Facts, user: string, roles: readonly string[]): readonly Line[] {
  const version = observation.sections.member?.value?.status.version;
  // Where Status itself was refused there is no version, and the refusal says that it needs root.
  const hazards = new Set(version === undefined ? ['status-needs-root'] : hazardsOf(version).map(({ id }) => id));
  const parsed = parseVersion(version ?? '');
  const series = parsed === undefined ? undefined : seriesOf(parsed);
  const needed = neededGrants(config.keyPrefix).filter(
    ({ onlyWithHazard, freeInSeries }) =>
      (onlyWithHazard === undefined || hazards.has(onlyWithHazard)) &&
      (freeInSeries === undefined || freeInSeries !== series),
  );
  const missing = needed.filter((need) => !isGranted(need, roles, auth.permissions ?? []));
  const by = auth.by === 'certificate' ? ' (by its client certificate)' : '';
  const has = roles.length === 0 ? 'no role' : `the role${roles.length === 1 ? '' : 's'} ${roles.join(', ')}`;
  if (missing.length === 0) {
    return [ok(`${user}${by} has ${has}: all that the operations need`)];
  }
  const granted = needed.filter((need) => !missing.includes(need)).map(({ operation }) => operation);
  return [
    ...(granted.length === 0 ? [] : [ok(`${user}${by} has ${has}: enough for ${granted.join(', ')}`)]),
    ...missing.map((need) => missingLine(need, user)),
  ];
}

/** Without a right to observe nothing works; the other operations can be left off. */
function missingLine({ operation, purpose, needs }: NeededGrant, user: string): Line {
  const what =
    needs.kind === 'root'
      ? 'the role root'
      : `${needs.access} on ${needs.span.end === undefined ? 'all keys' : `keys that begin with ${needs.span.key.toString()}`}`;
  const role = 'etcd-caretaker';
  const remedy =
    needs.kind === 'root'
      ? `etcdctl user grant-role ${user} root, if the caretaker is to do this.`
      : `etcdctl role add ${role} (once), etcdctl role grant-permission ${role} --prefix=true ${needs.access} ${needs.span.end === undefined ? '""' : needs.span.key.toString()}, then etcdctl user grant-role ${user} ${role}.`;
  return found({
    code: 'GRANT_MISSING',
    severity: operation === 'observe' ? 'critical' : 'warning',
    message: `${operation}: ${user} lacks ${what}, so the caretaker cannot ${purpose}.`,
    remedy,
  });
}
