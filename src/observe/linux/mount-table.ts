/** One line of `/proc/PID/mountinfo` (proc_pid_mountinfo(5)). */
export interface Mount {
  readonly id: number;
  /** `major:minor` of the file system; major 0 where no block device stands for it (tmpfs, overlay, btrfs, zfs, nfs). */
  readonly device: string;
  /** What of the file system is mounted: `/`, or the source directory of a bind mount, or a btrfs subvolume. */
  readonly root: string;
  readonly mountPoint: string;
  readonly filesystemType: string;
  /** What was mounted, in the file system's own words: `/dev/vda1`, `overlay`, `pool/dataset`, `server:/export`. */
  readonly source: string;
  /** Read-only by its mount options, or because the file system was mounted so or fell back to it after an error. */
  readonly readOnly: boolean;
}

/** All mounts of a mount table, in its order: what covers another comes later. Lines that do not parse are left out. */
export function parseMountTable(text: string): readonly Mount[] {
  return text.split('\n').flatMap((line) => parseMount(line) ?? []);
}

/** One line; undefined when it is not one. */
export function parseMount(line: string): Mount | undefined {
  const fields = line.split(' ');
  // Between the mount options and the separator stands any number of optional fields.
  const separator = fields.indexOf('-', 6);
  const [id, , device, root, mountPoint, options] = fields;
  const [filesystemType, source, superOptions] = separator < 0 ? [] : fields.slice(separator + 1);
  if (id === undefined || device === undefined || root === undefined || mountPoint === undefined) return undefined;
  if (options === undefined || filesystemType === undefined || source === undefined) return undefined;
  if (!/^\d+$/.test(id) || !/^\d+:\d+$/.test(device)) return undefined;
  return {
    id: Number(id),
    device,
    root: unescaped(root),
    mountPoint: unescaped(mountPoint),
    filesystemType: unescaped(filesystemType),
    source: unescaped(source),
    readOnly: isReadOnly(options) || isReadOnly(superOptions ?? ''),
  };
}

/**
 * The mount that holds `path` (absolute, without symbolic links) on the file system `device`: of those whose mount
 * point is a prefix, the longest, and of equal ones the last, which covers the others. A btrfs subvolume has a device
 * number of its own that the table does not have, so there the prefix alone decides.
 */
export function findMount(mounts: readonly Mount[], path: string, device: string): Mount | undefined {
  const holding = mounts.filter(({ mountPoint }) => isWithin(path, mountPoint));
  return (
    longest(holding.filter((mount) => mount.device === device)) ??
    longest(holding.filter((mount) => mount.filesystemType === 'btrfs' && device.startsWith('0:')))
  );
}

/** Whether a path is a directory or something in it. */
export function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.endsWith('/') ? directory : `${directory}/`);
}

function longest(mounts: readonly Mount[]): Mount | undefined {
  let found: Mount | undefined;
  for (const mount of mounts) {
    if (found === undefined || mount.mountPoint.length >= found.mountPoint.length) found = mount;
  }
  return found;
}

/** Ext4 says `emergency_ro` since Linux 6.15 where it said `ro` after an error before. */
function isReadOnly(options: string): boolean {
  return options.split(',').some((option) => option === 'ro' || option === 'emergency_ro');
}

/** The kernel writes space, tab, newline, backslash and `#` as three octal digits, byte by byte. */
function unescaped(field: string): string {
  if (!field.includes('\\')) return field;
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
