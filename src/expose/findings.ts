import { machineFindings } from '../cluster/machine-findings.ts';
import type { Observation } from '../cluster/observation.ts';
import type { Finding } from '../cluster/sections.ts';
import { unseenFindings } from '../cluster/unseen.ts';

/** A finding and the collector that has it. */
export interface CollectorFinding extends Finding {
  readonly collector:
    | 'member'
    | 'cluster'
    | 'peers'
    | 'certificates'
    | 'process'
    | 'disk'
    | 'filesystem'
    | 'fsync-probe';
}

const collectors = ['member', 'cluster', 'peers', 'certificates'] as const;
const severities = ['critical', 'warning', 'info'] as const;

/** All findings of an observation, the gravest first. */
export function findingsOf(observation: Observation): readonly CollectorFinding[] {
  const { sections } = observation;
  const unseen = unseenFindings(observation).map((finding) => ({ ...finding, collector: 'process' as const }));
  return collectors
    .flatMap((collector) =>
      (sections[collector]?.value?.findings ?? []).map((finding): CollectorFinding => ({ ...finding, collector })),
    )
    .concat(machineFindings(observation), unseen)
    .sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
}
