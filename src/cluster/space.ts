import type { FilesystemSection, Finding, QuotaSection } from './sections.ts';
import { formatBytes, formatPercent } from './units.ts';

/** One file system of the member. */
type Filesystem = FilesystemSection['filesystems'][number];

const criticalAvailableRatio = 0.05;
const warnAvailableRatio = 0.15;
const fewFilesRatio = 0.05;

/** A defragmentation writes the data into a new file beside the old one; a fifth more is for what is written meanwhile. */
const defragmentationFactor = 1.2;

/** The space that there is, in one sentence. */
export function spaceSentence({ role, path, sizeBytes, availableBytes }: Filesystem): string {
  const ratio = formatPercent(availableRatio({ sizeBytes, availableBytes }));
  return `${role}: ${formatBytes(availableBytes)} of ${formatBytes(sizeBytes)} (${ratio}) are free under ${path}`;
}

/** What is wrong with a file system: read-only, little space, few inodes. */
export function filesystemFindings(filesystem: Filesystem): readonly Finding[] {
  const { path, files, filesFree, readOnly } = filesystem;
  const ratio = availableRatio(filesystem);
  const findings: Finding[] = [];
  if (readOnly) {
    findings.push({
      code: 'FILESYSTEM_READ_ONLY',
      severity: 'critical',
      message: `The file system under ${path} is read-only: etcd cannot write.`,
      remedy: 'See what the kernel says of it (dmesg): it is made read-only after disk errors.',
    });
  }
  if (ratio < warnAvailableRatio) {
    findings.push({
      code: 'FILESYSTEM_FULL',
      severity: ratio < criticalAvailableRatio ? 'critical' : 'warning',
      message: `${spaceSentence(filesystem)}.`,
      remedy: 'Make room or enlarge it: etcd ends when it cannot write its WAL.',
    });
  }
  if (files > 0 && filesFree / files < fewFilesRatio) {
    findings.push({
      code: 'INODES_FULL',
      severity: filesFree === 0 ? 'critical' : 'warning',
      message: `${filesFree} of ${files} inodes are free under ${path}.`,
      remedy: 'Remove what fills the file system with small files.',
    });
  }
  return findings;
}

/** Whether the file system of the data has room for a defragmentation, and for the database up to its quota. */
export function roomFindings({ availableBytes, path }: Filesystem, quota: QuotaSection): readonly Finding[] {
  const { dbSizeBytes, dbSizeInUseBytes, quotaBytes } = quota;
  const findings: Finding[] = [];
  const forDefragmentation = dbSizeInUseBytes * defragmentationFactor;
  if (availableBytes < forDefragmentation) {
    findings.push({
      code: 'NO_ROOM_TO_DEFRAGMENT',
      severity: 'warning',
      message: `A defragmentation needs about ${formatBytes(forDefragmentation)} beside the database; ${formatBytes(availableBytes)} are free under ${path}.`,
      remedy: 'Make room before one is needed.',
    });
  }
  const toQuota = quotaBytes === undefined ? 0 : quotaBytes - dbSizeBytes;
  if (toQuota > availableBytes) {
    findings.push({
      code: 'DISK_SMALLER_THAN_QUOTA',
      severity: 'warning',
      message: `The database may grow by ${formatBytes(toQuota)} up to its quota, but only ${formatBytes(availableBytes)} are free under ${path}.`,
      remedy: 'Enlarge the disk or lower the quota: a full disk is worse than a full quota.',
    });
  }
  return findings;
}

function availableRatio({ sizeBytes, availableBytes }: Pick<Filesystem, 'sizeBytes' | 'availableBytes'>): number {
  return sizeBytes === 0 ? 0 : availableBytes / sizeBytes;
}
