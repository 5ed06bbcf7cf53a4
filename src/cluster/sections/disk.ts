import type { Histogram } from './reading.ts';

/** What a device holds. One device may hold both. */
export type DiskRole = 'wal' | 'data';

/** Counters of one block device since boot, in base units. */
export interface DeviceCounters {
  readonly readsCompleted: number;
  readonly writesCompleted: number;
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly readTimeSeconds: number;
  readonly writeTimeSeconds: number;
  /** Kernels before 5.5 have no flush counters. */
  readonly flushesCompleted?: number;
  readonly flushTimeSeconds?: number;
  readonly ioTimeSeconds: number;
  readonly ioNow: number;
}

/** The device under a directory, or a sentence that says why there is none to be named. */
export interface RoleDevice {
  readonly role: DiskRole;
  readonly path: string;
  readonly filesystemType?: string;
  readonly mountPoint?: string;
  /** Kernel name, for example `nvme0n1p2` or `dm-0`. */
  readonly device?: string;
  /** The whole disks under it: `['nvme0n1']`. */
  readonly disks?: readonly string[];
  readonly model?: string;
  readonly rotational?: boolean;
  readonly counters?: DeviceCounters;
  /** Why the device, or something of it, is not known (tmpfs, overlay, missing directory, …). */
  readonly unresolved?: string;
}

/** The collector `disk`. */
export interface DiskSection {
  readonly devices: readonly RoleDevice[];
}

/** One file system: the collector `filesystem`. */
export interface FilesystemSection {
  readonly filesystems: readonly {
    readonly role: DiskRole;
    readonly path: string;
    readonly sizeBytes: number;
    readonly availableBytes: number;
    readonly files: number;
    readonly filesFree: number;
    readonly readOnly: boolean;
  }[];
  /** Directories whose file system could not be asked, and why. */
  readonly unresolved?: readonly { readonly role: DiskRole; readonly path: string; readonly reason: string }[];
}

/** The fdatasync probe beside the WAL and the data dir: the collector `fsync-probe`. */
export interface FsyncProbeSection {
  readonly probes: readonly {
    readonly role: DiskRole;
    readonly directory: string;
    readonly latency: Histogram;
    readonly failures: number;
    /** Set while the probe does not run: off, too little free space, or a write that has hung for so many seconds. */
    readonly idle?: string;
    /** It is idle for a reason that matters: too little free space, another etcd's folder, a thread that failed. */
    readonly suspended?: true;
    /** Why the newest write failed (ENOSPC, EIO, EROFS, …); absent when it did not. */
    readonly fault?: { readonly code: string; readonly message: string };
    /** Seconds for which the write under way has been waiting for the disk. */
    readonly pendingSeconds?: number;
  }[];
}
