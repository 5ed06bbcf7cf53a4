/**
 * The settings of etcd that matter to the agent. Nothing else of its command line, environment or configuration file
 * leaves this module, so no secret can.
 */
const SETTINGS: ReadonlySet<string> = new Set([
  'name',
  'data-dir',
  'wal-dir',
  'config-file',
  'quota-backend-bytes',
  'heartbeat-interval',
  'election-timeout',
  'snapshot-count',
  'auto-compaction-mode',
  'auto-compaction-retention',
  'listen-client-urls',
  'listen-peer-urls',
  'listen-metrics-urls',
  'advertise-client-urls',
  'initial-advertise-peer-urls',
  'cert-file',
  'key-file',
  'trusted-ca-file',
  'client-cert-auth',
  'client-cert-file',
  'client-key-file',
  'auto-tls',
  'peer-cert-file',
  'peer-key-file',
  'peer-trusted-ca-file',
  'peer-client-cert-auth',
  'peer-client-cert-file',
  'peer-client-key-file',
  'peer-auto-tls',
]);

/** Settings by the name of their flag. */
export type EtcdSettings = Readonly<Record<string, string>>;

/** Settings on a command line: `--name=value`, `--name value`, one dash or two, and a bare flag for `true`. */
export function settingsOfArguments(words: readonly string[]): EtcdSettings {
  const settings: Record<string, string> = {};
  for (const [index, word] of words.entries()) {
    const flag = /^--?([a-z0-9-]+)(?:=(.*))?$/s.exec(word);
    const name = flag?.[1];
    if (name === undefined || !SETTINGS.has(name)) continue;
    const next = words[index + 1];
    settings[name] = flag?.[2] ?? (next === undefined || next.startsWith('-') ? 'true' : next);
  }
  return settings;
}

/** Settings in an environment: `ETCD_DATA_DIR=…`. */
export function settingsOfEnvironment(words: readonly string[]): EtcdSettings {
  const settings: Record<string, string> = {};
  for (const word of words) {
    const variable = /^ETCD_([A-Z0-9_]+)=(.*)$/s.exec(word);
    const name = variable?.[1]?.toLowerCase().replaceAll('_', '-');
    const value = variable?.[2];
    if (name !== undefined && value !== undefined && value !== '' && SETTINGS.has(name)) settings[name] = value;
  }
  return settings;
}

/** Settings in etcd's YAML configuration file, as `yaml` parses it; the certificates stand in two nested objects there. */
export function settingsOfConfigFile(document: unknown): EtcdSettings {
  const settings: Record<string, string> = {};
  const take = (object: unknown, prefix: string): void => {
    if (typeof object !== 'object' || object === null) return;
    for (const [key, value] of Object.entries(object)) {
      const name = `${prefix}${key}`;
      if (SETTINGS.has(name) && ['string', 'number', 'boolean', 'bigint'].includes(typeof value)) {
        settings[name] = String(value);
      }
    }
  };
  take(document, '');
  if (typeof document === 'object' && document !== null) {
    if ('client-transport-security' in document) take(document['client-transport-security'], '');
    if ('peer-transport-security' in document) take(document['peer-transport-security'], 'peer-');
  }
  return settings;
}
