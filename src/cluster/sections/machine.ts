/** Total stall time of one resource: the collector `pressure` (PSI). */
export interface PressureSection {
  readonly stalls: readonly {
    readonly scope: 'system' | 'etcd';
    readonly resource: 'cpu' | 'io' | 'memory';
    readonly kind: 'some' | 'full';
    readonly stalledSeconds: number;
    readonly avg10Ratio: number;
  }[];
  /** Why there are no stalls of scope `etcd`. */
  readonly etcdUnresolved?: string;
}

/** Etcd's process: the collector `process`. */
export interface ProcessSection {
  readonly pid: number;
  /** How it was found. */
  readonly foundBy: 'data-dir' | 'listening-socket';
  readonly startedAtMs: number;
  readonly cpuSeconds: number;
  /** Seconds for which its threads were ready to run and waited for a CPU, together; absent where the kernel does not say. */
  readonly cpuWaitSeconds?: number;
  /** How often one of its threads got a CPU: the time waited by this is how long each had to wait for its turn. */
  readonly cpuTurns?: number;
  /** Pages that it had to wait for, as they were not in memory. */
  readonly majorFaults?: number;
  /** Somebody has stopped it (SIGSTOP, a debugger): it does not run, and has not ended. */
  readonly stopped?: true;
  readonly residentBytes: number;
  /** Absent without the right to read /proc/PID/fd. */
  readonly openFds?: number;
  readonly maxFds?: number;
  /** What reached the block layer, from /proc/PID/io; absent without the right to read it. */
  readonly readBytes?: number;
  readonly writtenBytes?: number;
  /** Flags, `ETCD_*` and configuration file settings that matter to the agent, by the flag's name, never secrets. */
  readonly settings: Readonly<Record<string, string>>;
  /** Set where some settings could not be read: one that is missing need not have etcd's default. */
  readonly settingsIncomplete?: boolean;
  /** What could not be read, one sentence each. */
  readonly unread?: readonly string[];
}

/** The machine: the collector `host`, read once. */
export interface HostSection {
  readonly hostname: string;
  readonly kernel: string;
  readonly distribution: string;
  readonly architecture: string;
  readonly cpus: number;
  readonly cpuModel: string;
  readonly memoryBytes: number;
  readonly virtualization: string;
}
