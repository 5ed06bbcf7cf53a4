/** Retentions with which etcd does not compact: 0 in any unit, and none at all (the default since 3.0). */
const OFF = /^(0+(\.0*)?(ns|us|µs|ms|s|m|h)?)*$/;

/**
 * What etcd's own automatic compaction is set to (`periodic 5m`), or undefined where it is off or the settings name none.
 * @param settings flags by name without dashes
 */
export function autoCompactionOf(settings: Readonly<Record<string, string>> | undefined): string | undefined {
  const retention = settings?.['auto-compaction-retention']?.trim();
  if (retention === undefined || OFF.test(retention)) return undefined;
  return `${settings?.['auto-compaction-mode'] ?? 'periodic'} ${retention}`;
}
