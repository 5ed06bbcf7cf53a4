import type { CanarySection } from './sections/canary.ts';
import type { CertificatesSection } from './sections/certificates.ts';
import type { ClusterSection } from './sections/cluster.ts';
import type { DiskSection, FilesystemSection, FsyncProbeSection } from './sections/disk.ts';
import type { KeyspaceSection } from './sections/keyspace.ts';
import type { LimitsSection, NeighboursSection, RequestsSection } from './sections/load.ts';
import type { HostSection, PressureSection, ProcessSection } from './sections/machine.ts';
import type { MemberSection } from './sections/member.ts';
import type { PeersSection } from './sections/peers.ts';
import type { QuotaSection, WalSection } from './sections/storage.ts';

export type * from './sections/canary.ts';
export type * from './sections/certificates.ts';
export type * from './sections/cluster.ts';
export type * from './sections/disk.ts';
export type * from './sections/keyspace.ts';
export type * from './sections/load.ts';
export type * from './sections/machine.ts';
export type * from './sections/member.ts';
export type * from './sections/peers.ts';
export type * from './sections/reading.ts';
export type * from './sections/storage.ts';

/**
 * The words of an observation: one interface per subject, plain data, no behaviour. A collector in `observe/` fills
 * one; `expose/metrics/` turns it into metrics; `/api/v1/observation` shows it as it is. Ids are etcd's hexadecimal
 * text (`8e9e05c52164694d`), revisions and raft indexes are bigint, durations are seconds, sizes are bytes.
 */

/** Every section by the name of its collector. */
export interface Sections {
  readonly member: MemberSection;
  readonly cluster: ClusterSection;
  readonly wal: WalSection;
  readonly quota: QuotaSection;
  readonly disk: DiskSection;
  readonly filesystem: FilesystemSection;
  readonly pressure: PressureSection;
  readonly process: ProcessSection;
  readonly 'fsync-probe': FsyncProbeSection;
  readonly peers: PeersSection;
  readonly certificates: CertificatesSection;
  readonly keyspace: KeyspaceSection;
  readonly canary: CanarySection;
  readonly host: HostSection;
  readonly requests: RequestsSection;
  readonly limits: LimitsSection;
  readonly neighbours: NeighboursSection;
}
