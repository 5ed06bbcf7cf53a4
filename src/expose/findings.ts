import type { Decision } from '../cluster/caretaking.ts';
import type { Observation } from '../cluster/observation.ts';
import type { Finding } from '../cluster/sections.ts';

/** A finding and the collector that has it. */
export interface CollectorFinding extends Finding {
  /** `caretaking`: what a policy wants a person to look at. */
  readonly collector: 'member' | 'cluster' | 'peers' | 'certificates' | 'caretaking';
}

const collectors = ['member', 'cluster', 'peers', 'certificates'] as const;
const severities = ['critical', 'warning', 'info'] as const;

/** All findings of an observation, the gravest first. */
export function findingsOf({ sections, caretaking }: Observation): readonly CollectorFinding[] {
  return [
    ...collectors.flatMap((collector) =>
      (sections[collector]?.value?.findings ?? []).map((finding): CollectorFinding => ({ ...finding, collector })),
    ),
    ...(caretaking?.decisions ?? []).filter(({ page }) => page === true).map(findingOf),
  ].sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
}

/** A decision that a person has to look at. */
function findingOf({ policy, reasons: [first] }: Decision): CollectorFinding {
  return {
    code: first.code,
    severity: 'critical',
    message: `${policy}: ${first.message}`,
    remedy: `\`etcd-caretaker explain ${policy}\` says all reasons.`,
    collector: 'caretaking',
  };
}
