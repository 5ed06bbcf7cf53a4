import type { Finding, RoleDevice } from './sections.ts';

/** What to do about a disk that is too slow for etcd. */
export const slowDiskRemedy =
  'Give the WAL a disk of its own, best a local SSD or NVMe; look for neighbours on it, and at throttled IOPS in a cloud.';

/** What a person should know of the device under the WAL or the data; empty where it is as it should be. */
export function deviceFindings({
  role,
  path,
  filesystemType,
  rotational,
  device,
  model,
}: RoleDevice): readonly Finding[] {
  const what = role === 'wal' ? 'The WAL' : 'The data';
  if (filesystemType === 'tmpfs' || filesystemType === 'ramfs') {
    const message = `${what} (${path}) lies in memory (${filesystemType}): it is gone after a reboot.`;
    return [{ code: 'DATA_IN_MEMORY', severity: 'warning', message, remedy: 'Put it on a disk.' }];
  }
  if (filesystemType !== undefined && /^(nfs4?|cifs|smb3?|9p|fuse\.sshfs)$/.test(filesystemType)) {
    const message = `${what} (${path}) lies on a network file system (${filesystemType}).`;
    const remedy = 'Use a local or block-attached disk: etcd needs locks and fsync that hold.';
    return [{ code: 'NETWORK_FILESYSTEM', severity: 'warning', message, remedy }];
  }
  if (rotational === true && model !== undefined) {
    const message = `${what} (${path}) lies on a spinning disk (${device}, ${model}).`;
    return [{ code: 'SPINNING_DISK', severity: 'info', message, remedy: slowDiskRemedy }];
  }
  return [];
}
