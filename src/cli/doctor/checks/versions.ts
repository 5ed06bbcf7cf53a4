import { displayName } from '../../../cluster/cluster-replies.ts';
import { parseVersion, seriesOf } from '../../../cluster/version.ts';
import { hazardsOf, type VersionHazard } from '../../../cluster/version-hazards.ts';
import { type Check, found, type Line, ok, skipped } from '../check.ts';
import { clusterFindings } from '../cluster-findings.ts';
import type { Facts } from '../facts.ts';

/** Series that the integration tests run on. */
const testedSeries: ReadonlySet<string> = new Set(['3.4', '3.5']);

/** Which versions run, whether they are mixed, and the defects that are known of them. */
export const versionsCheck: Check = {
  group: 'versions',
  examine: (facts) => {
    const members = facts.observation.sections.cluster?.value?.members ?? [];
    const running = members.flatMap((member) =>
      member.status === undefined ? [] : [{ name: displayName(member), version: member.status.version }],
    );
    if (running.length === 0) return [skipped('not checked: no member has said which version it is')];
    const byVersion = Map.groupBy(running, ({ version }) => version);
    return [
      ...[...byVersion].map(([version, on]) => ok(`etcd ${version} on ${on.map(({ name }) => name).join(', ')}`)),
      ...clusterFindings(facts, 'versions'),
      ...[...byVersion.keys()].flatMap(untested),
      ...hazardLines([...byVersion.keys()], facts),
    ];
  },
};

function untested(version: string): readonly Line[] {
  const parsed = parseVersion(version);
  if (parsed !== undefined && testedSeries.has(seriesOf(parsed))) return [];
  const message = `This etcd-caretaker was not tested with etcd ${version}, only with ${[...testedSeries].join(' and ')}.`;
  const remedy = 'Let it observe only, until a release is tested with that version.';
  return [found({ code: 'VERSION_UNTESTED', severity: 'info', message, remedy })];
}

/**
 * Each defect once. One that an operation has to mind is a note, because the caretaker minds it; one that is in the way
 * right now is a warning.
 */
function hazardLines(versions: readonly string[], { auth }: Facts): readonly Line[] {
  const versionsByHazard = new Map<VersionHazard, string[]>();
  for (const version of versions) {
    for (const hazard of hazardsOf(version)) {
      versionsByHazard.set(hazard, [...(versionsByHazard.get(hazard) ?? []), version]);
    }
  }
  return [...versionsByHazard]
    .filter(([{ id }]) => id !== 'status-needs-root' || auth.enabled !== false)
    .map(([hazard, on]) => {
      const isInTheWay = hazard.effects.some(({ effect }) => effect === 'warn') && auth.enabled === true;
      const rules = hazard.effects.map(({ operation, effect, rule }) => `${operation} (${effect}): ${rule}`);
      return found({
        code: `HAZARD_${hazard.id.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_')}`,
        severity: isInTheWay && !hasRoot(auth.roles) ? 'warning' : 'info',
        message: `${on.join(', ')}: ${hazard.hazard} [${hazard.source}]`,
        remedy: `Upgrade to ${hazard.fixedIn.join(', ')} or later of the series. Until then: ${rules.join('; ')}.`,
      });
    });
}

function hasRoot(roles: readonly string[] | undefined): boolean {
  return roles?.includes('root') === true;
}
