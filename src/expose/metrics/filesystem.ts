import type { MetricFamily } from '../metric-family.ts';
import { metricsOf, sample } from './section-metrics.ts';

const { gauge } = metricsOf('filesystem');
const labels = ['role'];

/** The file system that holds the WAL and the one that holds the data dir. */
export const filesystemMetrics: readonly MetricFamily[] = [
  gauge('filesystem_size_bytes', 'Size of the file system.', labels, ({ filesystems }) =>
    filesystems.flatMap(({ role, sizeBytes }) => sample(sizeBytes, { role })),
  ),
  gauge('filesystem_available_bytes', 'Bytes that a process without privileges can still write.', labels, (section) =>
    section.filesystems.flatMap(({ role, availableBytes }) => sample(availableBytes, { role })),
  ),
  gauge('filesystem_files', 'Inodes of the file system.', labels, ({ filesystems }) =>
    filesystems.flatMap(({ role, files }) => sample(files, { role })),
  ),
  gauge('filesystem_files_free', 'Inodes that are free.', labels, ({ filesystems }) =>
    filesystems.flatMap(({ role, filesFree }) => sample(filesFree, { role })),
  ),
  gauge('filesystem_read_only', 'Whether the file system is mounted read-only (1) or not (0).', labels, (section) =>
    section.filesystems.flatMap(({ role, readOnly }) => sample(readOnly, { role })),
  ),
];
