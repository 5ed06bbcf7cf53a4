import { compareVersions, parseVersion, seriesOf } from './version.ts';

/** What an operation must do about a known defect of the running version. */
export type HazardEffect = 'block' | 'precaution' | 'warn';

/** A defect of etcd that matters to a caretaker. */
export interface VersionHazard {
  readonly id: string;
  /** First fixed version of each series. A series older than all of these has the defect, a newer one has not. */
  readonly fixedIn: readonly string[];
  /** The oldest version that has it; absent: all versions below `fixedIn`. */
  readonly since?: string;
  readonly hazard: string;
  readonly effects: readonly { readonly operation: string; readonly effect: HazardEffect; readonly rule: string }[];
  readonly source: string;
}

/** Known defects, oldest first. Sources are etcd's CHANGELOG and issues; each entry says what a caretaker does about it. */
export const versionHazards: readonly VersionHazard[] = [
  {
    id: 'defrag-crash-inconsistent-revision',
    since: '3.5.0',
    fixedIn: ['3.5.6'],
    hazard: 'A crash during defragmentation leaves an inconsistent revision behind.',
    effects: [{ operation: 'defrag', effect: 'block', rule: 'no defragmentation except to get out of NOSPACE' }],
    source: 'etcd CHANGELOG-3.5, v3.5.6',
  },
  {
    id: 'defrag-during-snapshot-apply',
    fixedIn: ['3.4.38', '3.5.23', '3.6.5'],
    hazard: 'Defragmentation while a raft snapshot is being applied can corrupt the database.',
    effects: [
      { operation: 'defrag', effect: 'precaution', rule: 'only with no learner and no snapshot transfer anywhere' },
    ],
    source: 'etcd CHANGELOG-3.4 v3.4.38, CHANGELOG-3.5 v3.5.23, CHANGELOG-3.6 v3.6.5',
  },
  {
    id: 'learner-promotion-not-persisted',
    since: '3.5.0',
    fixedIn: ['3.5.24'],
    hazard: 'The promotion of a learner may not be persisted in the v3 store (fixed in part by 3.5.20).',
    effects: [
      { operation: 'replace', effect: 'precaution', rule: 'read the member list again after a restart' },
      { operation: 'upgrade', effect: 'block', rule: 'upgrade to 3.5.24 or later first' },
    ],
    source: 'etcd CHANGELOG-3.5, v3.5.20 and v3.5.24',
  },
  {
    id: 'force-new-cluster-keeps-learners',
    fixedIn: ['3.5.25', '3.6.6'],
    hazard: '--force-new-cluster leaves learners in the member list.',
    effects: [{ operation: 'recover', effect: 'block', rule: 'not while a learner is listed' }],
    source: 'etcd CHANGELOG-3.5 v3.5.25, CHANGELOG-3.6 v3.6.6',
  },
  {
    id: 'member-add-refused-with-voter-down',
    fixedIn: ['3.5.30', '3.6.11'],
    hazard: 'Adding a member is refused while a voter is down.',
    effects: [
      { operation: 'replace', effect: 'precaution', rule: 'remove the broken member before adding the new one' },
    ],
    source: 'etcd issue 21640',
  },
  {
    id: 'member-update-promotes',
    fixedIn: ['3.5.31', '3.6.12'],
    hazard: 'MemberUpdate silently promotes a learner.',
    effects: [{ operation: 'member-update', effect: 'block', rule: 'never update a learner' }],
    source: 'etcd CHANGELOG-3.5 v3.5.31, CHANGELOG-3.6 v3.6.12',
  },
  {
    id: 'status-needs-root',
    since: '3.5.28',
    fixedIn: ['3.5.32'],
    hazard: 'With auth enabled, Status needs the root role.',
    effects: [{ operation: 'observe', effect: 'warn', rule: 'give the agent a user with the root role, or upgrade' }],
    source: 'seen on 3.5.28 to 3.5.31',
  },
  {
    id: 'upgrade-to-3.6-needs-3.5.32',
    since: '3.5.0',
    fixedIn: ['3.5.32'],
    hazard: 'An upgrade to 3.6 from an older 3.5 may leave members that 3.6 does not accept.',
    effects: [{ operation: 'upgrade', effect: 'block', rule: 'upgrade to 3.5.32 or later before 3.6' }],
    source: 'etcd upgrade guide to 3.6',
  },
];

/** The hazards of one version, in the order of the list; all of them for a version that cannot be read. */
export function hazardsOf(versionText: string): readonly VersionHazard[] {
  const version = parseVersion(versionText);
  if (version === undefined) {
    return versionHazards;
  }
  return versionHazards.filter((hazard) => {
    const since = hazard.since === undefined ? undefined : parseVersion(hazard.since);
    if (since !== undefined && compareVersions(version, since) < 0) {
      return false;
    }
    const fixes = hazard.fixedIn.flatMap((text) => parseVersion(text) ?? []);
    const fixOfSeries = fixes.find((fix) => seriesOf(fix) === seriesOf(version));
    if (fixOfSeries !== undefined) {
      return compareVersions(version, fixOfSeries) < 0;
    }
    return fixes.every((fix) => compareVersions(version, fix) < 0);
  });
}

/** The oldest version of a series that etcd's project recommends for production, and why none below it. */
export interface LeastRecommended {
  readonly version: string;
  readonly because: string;
  readonly source: string;
}

const recommended: readonly LeastRecommended[] = [
  {
    version: '3.5.6',
    because:
      'below 3.5.6 a crash can leave members with different data (3.5.0 to 3.5.2 also without a defragmentation)',
    source: 'etcd CHANGELOG/README.md and the postmortem of v3.5 data inconsistency',
  },
  {
    version: '3.4.22',
    because: 'below 3.4.22 a cluster of one member can lose acknowledged writes, among others',
    source: 'etcd CHANGELOG/README.md, issue 14370',
  },
];

/** What a version should at least be, where it is older than etcd's project recommends; undefined where it is recent enough or cannot be read. */
export function leastRecommended(versionText: string): LeastRecommended | undefined {
  const version = parseVersion(versionText);
  if (version === undefined) return undefined;
  const oldest = recommended.at(-1);
  for (const each of recommended) {
    const least = parseVersion(each.version);
    if (least !== undefined && seriesOf(least) === seriesOf(version)) {
      return compareVersions(version, least) < 0 ? each : undefined;
    }
  }
  const least = oldest && parseVersion(oldest.version);
  return least !== undefined && compareVersions(version, least) < 0 ? oldest : undefined;
}
