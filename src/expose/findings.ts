import type { Observation } from '../cluster/observation.ts';
import type { Finding } from '../cluster/sections.ts';

/** A finding and the collector that has it. */
export interface CollectorFinding extends Finding {
  readonly collector: 'member' | 'cluster' | 'peers' | 'certificates';
}

const collectors = ['member', 'cluster', 'peers', 'certificates'] as const;
const severities = ['critical', 'warning', 'info'] as const;

/** All findings of an observation, the gravest first. */
export function findingsOf({ sections }: Observation): readonly CollectorFinding[] {
  return collectors
    .flatMap((collector) =>
      (sections[collector]?.value?.findings ?? []).map((finding): CollectorFinding => ({ ...finding, collector })),
    )
    .sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
}
