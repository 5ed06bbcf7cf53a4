import type { Fault, Observation } from '../../cluster/observation.ts';
import type { DiskRole } from '../../cluster/sections.ts';

/** Who is let in without showing anything: no user, no client certificate. `unknown`: it could not be tried. */
export type Admission = 'everyone' | 'users' | 'certificates' | 'unknown';

/** One client URL that a member advertises or the configuration names, asked by itself. */
export interface UrlReading {
  /** The member that advertises it, absent where only the configuration names it. */
  readonly memberId?: string;
  /** As people know it: the member's name, else the URL. */
  readonly member: string;
  readonly url: string;
  /** Round trip of Status with the configured credentials; the first connection is part of it. */
  readonly seconds?: number;
  readonly fault?: Fault;
  readonly admits: Admission;
}

/** A grant on a range of keys, as etcd stores it. */
export interface KeyPermission {
  readonly role: string;
  readonly access: 'read' | 'write' | 'readwrite';
  readonly key: Buffer;
  /** Exclusive; empty: only `key`; one zero byte: everything from `key` on. */
  readonly rangeEnd: Buffer;
}

/** What the caretaker's user may do. */
export interface AuthReading {
  /** Whether etcd asks for users; undefined where that could not be found out. */
  readonly enabled?: boolean;
  /** The user that the calls are made as. */
  readonly user?: string;
  /** Etcd has no such user. */
  readonly isUnknown?: true;
  /** How etcd knows the user: by a password, or by the common name of the client certificate. */
  readonly by?: 'password' | 'certificate';
  readonly roles?: readonly string[];
  readonly permissions?: readonly KeyPermission[];
  /** Why roles and permissions are not known. */
  readonly fault?: Fault;
}

/** Writes as etcd's WAL makes them, one after the other, beside the WAL or the data. */
export interface DiskPreflight {
  readonly role: DiskRole;
  readonly directory: string;
  /** How long each write and its fdatasync took together, ascending; absent where nothing was measured. */
  readonly seconds?: readonly number[];
  /** Why nothing was tried. */
  readonly idle?: string;
  /** Why a write failed, or that it hung. */
  readonly fault?: Fault;
}

/** A short load on the cluster, and what it left. */
export interface LoadReading {
  /** How long each write took, ascending. */
  readonly seconds: readonly number[];
  readonly tookSeconds: number;
  readonly wantedRatePerSecond: number;
  readonly failures: number;
  /** The first failure. */
  readonly fault?: Fault;
  /** Why the keys are still there; they go away with their lease. */
  readonly notRemoved?: Fault;
}

/** A file that holds a secret, named by the configuration. */
export interface SecretFile {
  /** The key that names it: `cluster.tls.key`. */
  readonly key: string;
  readonly path: string;
  /** Permission bits; absent where it could not be looked at. */
  readonly mode?: number;
  readonly fault?: Fault;
}

/** What the configuration says, and how it came about. */
export interface ConfigReading {
  readonly file?: string;
  /** Keys that somebody has set. */
  readonly keysSet: number;
  /** Keys that a real configuration must have and that were found out here: name and directories of the member. */
  readonly foundOut: readonly string[];
  readonly keyPrefix: string;
  readonly secretFiles: readonly SecretFile[];
}

/** What lies at `member.dataDir`. `member`: the folder that etcd makes there is. `unknown`: its disk does not answer. */
export type DataDirState = 'member' | 'missing' | 'not-a-directory' | 'no-member' | 'unreadable' | 'unknown';

/** Everything that the checks judge. Plain data: gathered once, so that a check is a pure function. */
export interface Facts {
  readonly nowMs: number;
  readonly member: string;
  readonly endpoint: string;
  /** The member's own metrics page. */
  readonly metricsUrl: string;
  /** Absent where neither the configuration nor etcd's process on this machine names it. */
  readonly dataDir?: string;
  /** Absent where `dataDir` is. */
  readonly dataDirState?: DataDirState;
  readonly observation: Observation;
  readonly urls: readonly UrlReading[];
  readonly auth: AuthReading;
  readonly preflight: readonly DiskPreflight[];
  /** Only with `--load`: the numbers, or why it was not done. */
  readonly load?: LoadReading | { readonly refused: string };
  readonly config: ConfigReading;
}

/** Whether any member of the cluster has answered. */
export function isReached({ observation, urls }: Facts): boolean {
  const { member, cluster } = observation.sections;
  return (
    member?.value !== undefined || cluster?.value !== undefined || urls.some(({ seconds }) => seconds !== undefined)
  );
}
