import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from '../../config/config.ts';
import { liesIn } from '../../config/lies-in.ts';

/** Parts of the configuration that name what the agent writes. */
export type Written = Pick<Config, 'member' | 'supervise' | 'backup' | 'operate' | 'expose'>;

/** A folder that the agent writes into, and for what. */
export interface WritableFolder {
  readonly path: string;
  readonly why: string;
  /** It is made, where it is not there: nobody else would. */
  readonly isMade: boolean;
  /** It has etcd's data: without it there is nothing to stand beside. */
  readonly isNeeded?: true;
}

/**
 * The folders that an agent with this configuration writes into, none within another. An agent that supervises moves data dirs aside and puts others in
 * their place, so it is the folder around one that counts; one that only watches writes its probe's file beside the WAL.
 */
export function writableFolders({ member, supervise, backup, operate, expose }: Written): readonly WritableFolder[] {
  const { kind, systemd: _, staticPod, child, versions, stateDir } = supervise;
  const heals = kind !== 'none';
  // A static pod's data dir is a mount, which cannot be moved: old data stay in it.
  const movesAside = kind === 'child' || kind === 'systemd';
  const around = (path: string): string => (movesAside ? dirname(path) : path);
  const all: readonly WritableFolder[] = [
    {
      path: around(member.dataDir),
      why: movesAside ? 'data dirs and quarantine' : heals ? 'data and quarantine' : 'the probe beside the data',
      isMade: false,
      isNeeded: true,
    },
    // Within the data dir it is in what is there already.
    {
      path: liesIn(member.walDir, member.dataDir) ? around(member.dataDir) : around(member.walDir),
      why: 'the WAL',
      isMade: false,
      isNeeded: true,
    },
    ...(heals ? [{ path: around(stateDir), why: 'what the agent remembers of its member', isMade: true }] : []),
    ...backup.store.flatMap((url) =>
      url.startsWith('file:') ? [{ path: fileURLToPath(url), why: 'backups', isMade: true }] : [],
    ),
    ...(backup.spool.dir === undefined ? [] : [{ path: backup.spool.dir, why: 'the spool of backups', isMade: true }]),
    ...(backup.drill.dir === undefined ? [] : [{ path: backup.drill.dir, why: 'drills', isMade: true }]),
    ...(backup.lastGasp.mode === 'auto'
      ? [{ path: around(backup.lastGasp.dir), why: 'last gasps', isMade: true }]
      : []),
    { path: dirname(operate.pauseFile), why: 'pauses of this agent', isMade: false },
    { path: dirname(expose.socket), why: 'the socket', isMade: false },
    ...(kind === 'child' && child.logFile !== undefined
      ? [{ path: dirname(child.logFile), why: "etcd's log", isMade: true }]
      : []),
    ...(kind === 'systemd'
      ? [
          { path: '/etc/systemd/system', why: "drop-ins of etcd's unit", isMade: false },
          { path: '/run/systemd/system', why: "drop-ins of etcd's unit", isMade: false },
        ]
      : []),
    ...(kind === 'static-pod' ? [{ path: dirname(staticPod.manifest), why: "etcd's manifest", isMade: false }] : []),
    ...linkOf(kind, child.etcd, versions).map((path) => ({
      path,
      why: 'the link to the version of etcd',
      isMade: false,
    })),
  ];
  const outermost = all.filter(({ path }) => !all.some((other) => other.path !== path && liesIn(path, other.path)));
  return [...new Map(outermost.toReversed().map((each) => [each.path, each])).values()].toReversed();
}

/** Folders that are the system's own; and those that hold much besides etcd, but which data often lie right below. */
const SYSTEM = new Set(['/', '/boot', '/dev', '/etc', '/proc', '/run', '/sys', '/usr']);
const SHARED = new Set(['/home', '/media', '/mnt', '/opt', '/root', '/srv', '/var', '/var/lib']);

/** Where an agent could write far more than data, since theirs is the folder around: `refused`, or worth a word. */
export function wideFolder({ path, isNeeded }: WritableFolder): 'refused' | 'wide' | undefined {
  if (isNeeded !== true) return undefined;
  return SYSTEM.has(path) ? 'refused' : SHARED.has(path) ? 'wide' : undefined;
}

/** The folder of the link that upgrades change, where there is one. */
function linkOf(
  kind: Config['supervise']['kind'],
  etcd: string | undefined,
  { folder, link }: Config['supervise']['versions'],
): readonly string[] {
  const path = link ?? (kind === 'child' && folder !== undefined ? etcd : undefined);
  return path === undefined ? [] : [dirname(path)];
}
