/** An etcd version, compared by its three numbers; what follows a dash or a plus is ignored, as etcd itself does. */
export interface EtcdVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/** Reads `3.5.30` or `3.6.0-rc.1`; undefined for anything else. */
export function parseVersion(text: string): EtcdVersion | undefined {
  const numbers = text.split(/[-+]/, 1)[0]?.split('.') ?? [];
  const [major, minor, patch] = numbers.map((part) => (/^\d{1,6}$/.test(part) ? Number(part) : Number.NaN));
  if (numbers.length !== 3 || major === undefined || minor === undefined || patch === undefined) {
    return undefined;
  }
  return Number.isNaN(major + minor + patch) ? undefined : { major, minor, patch };
}

/** Negative when `a` is older than `b`, 0 when equal, positive when newer. */
export function compareVersions(a: EtcdVersion, b: EtcdVersion): number {
  return a.major - b.major || a.minor - b.minor || a.patch - b.patch;
}

/** `3.5` of `3.5.30`: the series in which a fix is released. */
export function seriesOf(version: EtcdVersion): string {
  return `${version.major}.${version.minor}`;
}
