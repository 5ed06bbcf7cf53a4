import type { MetricFamily } from '../metric-family.ts';
import { agentMetrics } from './agent.ts';
import { backupMetrics } from './backups.ts';
import { canaryMetrics } from './canary.ts';
import { caretakingMetrics } from './caretaking.ts';
import { certificatesMetrics } from './certificates.ts';
import { clusterMetrics } from './cluster.ts';
import { diagnosisMetrics } from './diagnosis.ts';
import { diskMetrics } from './disk.ts';
import { filesystemMetrics } from './filesystem.ts';
import { fsyncProbeMetrics } from './fsync-probe.ts';
import { hostMetrics } from './host.ts';
import { keyspaceMetrics } from './keyspace.ts';
import { lastGaspMetrics } from './last-gasp.ts';
import { limitsMetrics } from './limits.ts';
import { memberMetrics } from './member.ts';
import { ownMemberMetrics } from './own-member.ts';
import { peersMetrics } from './peers.ts';
import { pressureMetrics } from './pressure.ts';
import { processMetrics } from './process.ts';
import { quotaMetrics } from './quota.ts';
import { recoveryMetrics } from './recovery.ts';
import { walMetrics } from './wal.ts';

/** The metrics of one subject, under the heading that the reference gives them. */
export interface MetricGroup {
  readonly title: string;
  readonly families: readonly MetricFamily[];
}

/** Every metric that is read from an observation. A new metric is added here, or it does not exist. */
export const metricGroups: readonly MetricGroup[] = [
  { title: 'Agent', families: agentMetrics },
  { title: 'Acting', families: caretakingMetrics },
  { title: 'Backups', families: [...backupMetrics, ...lastGaspMetrics] },
  { title: 'Diagnosis', families: diagnosisMetrics },
  { title: 'Cluster and members', families: [...clusterMetrics, ...memberMetrics] },
  { title: 'Canaries', families: canaryMetrics },
  { title: 'Supervision', families: ownMemberMetrics },
  { title: 'Recovery of a lost quorum', families: recoveryMetrics },
  { title: 'Disk', families: [...diskMetrics, ...fsyncProbeMetrics, ...filesystemMetrics] },
  { title: 'Pressure', families: pressureMetrics },
  { title: "Etcd's process", families: processMetrics },
  { title: 'Limits', families: limitsMetrics },
  { title: 'WAL and backend', families: walMetrics },
  { title: 'Peers', families: peersMetrics },
  { title: 'Quota', families: quotaMetrics },
  { title: 'Certificates', families: certificatesMetrics },
  { title: 'Keyspace', families: keyspaceMetrics },
  { title: 'Host', families: hostMetrics },
];
