/**
 * The device number of a `stat` as the kernel writes it, `major:minor`. `st_dev` packs both in glibc's way: the low 8
 * bits of the minor, 12 bits of the major, 24 more of the minor, the rest of the major.
 */
export function deviceName(dev: bigint): string {
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & 0xfffff000n);
  const minor = (dev & 0xffn) | ((dev >> 12n) & 0xffffff00n);
  return `${major}:${minor}`;
}
