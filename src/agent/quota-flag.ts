import type { ProcessSection } from '../cluster/sections.ts';

/**
 * The quota that etcd was started with: 0, its default, only where all of its settings are known and name none. Beside a
 * configuration file that could not be read, etcd ignores the flags that could.
 */
export function quotaFlagBytes(process: ProcessSection | undefined): number | undefined {
  if (process === undefined) return undefined;
  const { settings, settingsIncomplete = false } = process;
  if (settingsIncomplete && settings['config-file'] !== undefined) return undefined;
  const said = settings['quota-backend-bytes'];
  if (said === undefined) return settingsIncomplete ? undefined : 0;
  return Number(said);
}
