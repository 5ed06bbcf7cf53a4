import { dirname } from 'node:path';
import { formatDurationMs } from './duration.ts';
import { liesIn } from './lies-in.ts';
import { isLocalStore } from './store-url.ts';

/** A value for a key that was left out, as it would be written, and the key that it comes from. */
export interface Derived {
  readonly value: unknown;
  readonly from: string;
}

/** The surroundings that left-out values may depend on. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  /** User id of this process; 0 is root. */
  readonly uid: number;
}

/**
 * The folder of the agents' Unix sockets: `/run/etcd-caretaker` for root, `etcd-caretaker` in `XDG_RUNTIME_DIR` for
 * others, and without that a folder of the user's own in `/tmp`, whose owner and mode are to be checked before use.
 */
export function runtimeDirectory({ env, uid }: Surroundings): string {
  if (uid === 0) return '/run/etcd-caretaker';
  const userRuntime = env['XDG_RUNTIME_DIR'];
  return userRuntime?.startsWith('/') === true ? `${userRuntime}/etcd-caretaker` : `/tmp/etcd-caretaker-${uid}`;
}

/** A member's name as a part of a path. */
function asFileName(name: string): string {
  return name.replace(/[^A-Za-z0-9._-]/g, '_');
}

/** Nothing leaves the machine; where there is no store, nothing is written at all. */
function areAllLocal(stores: unknown): boolean {
  return Array.isArray(stores) && stores.every((url) => isLocalStore(String(url)));
}

function bare(folder: string): string {
  return folder.replace(/\/+$/, '');
}

/** Where last gasps go: never into etcd's own folders, whatever the spool does. */
function gaspsFrom(values: ReadonlyMap<string, unknown>): 'backup.spool.dir' | 'member.dataDir' {
  const spool = values.get('backup.spool.dir');
  if (typeof spool !== 'string') return 'member.dataDir';
  const isEtcds = ['member.dataDir', 'member.walDir'].some((key) => {
    const folder = values.get(key);
    return typeof folder === 'string' && liesIn(spool, folder);
  });
  return isEtcds ? 'member.dataDir' : 'backup.spool.dir';
}

/**
 * The values of left-out keys that follow from others. `values` holds the checked values by path; where one that is
 * needed is missing or wrong, nothing is derived from it.
 */
export function derive(values: ReadonlyMap<string, unknown>, surroundings: Surroundings): Map<string, Derived> {
  const derived = new Map<string, Derived>();
  const offer = (path: string, from: string, make: (source: string) => unknown) => {
    const source = values.get(from);
    if (source === undefined || values.has(path)) return;
    derived.set(path, { value: make(String(source)), from });
  };
  offer('member.walDir', 'member.dataDir', (dataDir) => `${bare(dataDir)}/member/wal`);
  offer('member.metricsUrl', 'member.endpoint', (endpoint) => `${endpoint}/metrics`);
  offer('supervise.stateDir', 'member.dataDir', (dataDir) => `${bare(dataDir)}.caretaker`);
  offer('cluster.endpoints', 'member.endpoint', (endpoint) => [endpoint]);
  offer('observe.deadline', 'observe.interval', (ms) => formatDurationMs(Math.min(5000, Math.floor(Number(ms) / 2))));
  offer('observe.collectors.keyspace', 'profile', (profile) => profile !== 'edge');
  offer('expose.socket', 'member.name', (name) => `${runtimeDirectory(surroundings)}/${asFileName(name)}.sock`);
  offer('backup.encryption.mode', 'backup.encryption.recipientsFile', () => 'age');
  if (!derived.has('backup.encryption.mode') && areAllLocal(values.get('backup.store'))) {
    offer('backup.encryption.mode', 'backup.store', () => 'none');
  }
  offer('backup.lastGasp.dir', gaspsFrom(values), (folder) =>
    gaspsFrom(values) === 'backup.spool.dir' ? `${bare(folder)}/last-gasp` : `${bare(folder)}.last-gasp`,
  );
  const socket = values.get('expose.socket') ?? derived.get('expose.socket')?.value;
  if (typeof socket === 'string') {
    const name = asFileName(String(values.get('member.name') ?? ''));
    const from = values.has('expose.socket') ? 'expose.socket' : 'member.name';
    offer('operate.pauseFile', from, () => `${dirname(socket)}/${name}.pause`);
  }
  return derived;
}
