import type { FilesystemSection, QuotaSection } from '../../../cluster/sections.ts';
import { formatBytes, formatPercent } from '../../units.ts';
import { type Check, found, type Line, ok, skipped, unread } from '../check.ts';

type Filesystem = FilesystemSection['filesystems'][number];

const criticalAvailableRatio = 0.05;
const warnAvailableRatio = 0.15;
const fewFilesRatio = 0.05;

/** A defragmentation writes the data into a new file beside the old one; a fifth more is for what is written meanwhile. */
const defragmentationFactor = 1.2;

/** Room on the file systems of the WAL and the data: now, for a defragmentation, and up to the quota. */
export const spaceCheck: Check = {
  group: 'space',
  examine: ({ observation, dataDir }) => {
    const { filesystem, quota } = observation.sections;
    if (dataDir === undefined) return [skipped('not checked: the data directory is not known')];
    if (filesystem?.fault?.code === 'FILESYSTEM_UNRESOLVED') return [skipped('not checked: see disk')];
    if (filesystem?.value === undefined) return [unread(filesystem?.fault)];
    return filesystem.value.filesystems.flatMap((each) => [
      ...state(each),
      ...(each.role === 'data' && quota?.value !== undefined ? room(each, quota.value) : []),
    ]);
  },
};

function state(filesystem: Filesystem): readonly Line[] {
  const { role, path, sizeBytes, availableBytes, files, filesFree, readOnly } = filesystem;
  const ratio = sizeBytes === 0 ? 0 : availableBytes / sizeBytes;
  const numbers = `${role}: ${formatBytes(availableBytes)} of ${formatBytes(sizeBytes)} (${formatPercent(ratio)}) are free under ${path}`;
  const lines: Line[] = [];
  if (readOnly) {
    const message = `The file system under ${path} is read-only: etcd cannot write.`;
    const remedy = 'See what the kernel says of it (dmesg): it is made read-only after disk errors.';
    lines.push(found({ code: 'FILESYSTEM_READ_ONLY', severity: 'critical', message, remedy }));
  }
  if (ratio < warnAvailableRatio) {
    const severity = ratio < criticalAvailableRatio ? 'critical' : 'warning';
    const remedy = 'Make room or enlarge it: etcd ends when it cannot write its WAL.';
    lines.push(found({ code: 'FILESYSTEM_FULL', severity, message: `${numbers}.`, remedy }));
  }
  if (files > 0 && filesFree / files < fewFilesRatio) {
    const message = `${filesFree} of ${files} inodes are free under ${path}.`;
    const remedy = 'Remove what fills the file system with small files.';
    lines.push(found({ code: 'INODES_FULL', severity: 'warning', message, remedy }));
  }
  return lines.length === 0 ? [ok(numbers)] : lines;
}

function room({ availableBytes, path }: Filesystem, quota: QuotaSection): readonly Line[] {
  const { dbSizeBytes, dbSizeInUseBytes, quotaBytes } = quota;
  const lines: Line[] = [];
  const forDefragmentation = dbSizeInUseBytes * defragmentationFactor;
  if (availableBytes < forDefragmentation) {
    const message = `A defragmentation needs about ${formatBytes(forDefragmentation)} beside the database; ${formatBytes(availableBytes)} are free under ${path}.`;
    const remedy = 'Make room before one is needed.';
    lines.push(found({ code: 'NO_ROOM_TO_DEFRAGMENT', severity: 'warning', message, remedy }));
  }
  const toQuota = quotaBytes === undefined ? 0 : quotaBytes - dbSizeBytes;
  if (toQuota > availableBytes) {
    const message = `The database may grow by ${formatBytes(toQuota)} up to its quota, but only ${formatBytes(availableBytes)} are free under ${path}.`;
    const remedy = 'Enlarge the disk or lower the quota: a full disk is worse than a full quota.';
    lines.push(found({ code: 'DISK_SMALLER_THAN_QUOTA', severity: 'warning', message, remedy }));
  }
  return lines;
}
