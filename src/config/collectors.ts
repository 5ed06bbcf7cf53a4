/**
 * The collectors that can be switched off, each with what it reads. `member` and `cluster` are not among them: without
 * them there is no status and no readiness.
 */
export const switchableCollectors = {
  wal: "WAL fsync and backend commit latency from etcd's own histograms",
  quota: 'backend quota, size, fragmentation and time to full',
  disk: 'the block devices under the WAL and the data directory',
  filesystem: 'the file systems under the WAL and the data directory',
  pressure: 'stall times of CPU, IO and memory (PSI)',
  process: "etcd's process",
  'fsync-probe': 'the fdatasync probe beside the WAL and the data directory',
  peers: 'round trips to the other members, and the skew of their clocks',
  certificates: 'certificates in files and as they are served',
  keyspace: 'keys, bytes and writes by prefix',
  canary: 'reads and writes made as a client would make them',
  host: 'the inventory of the machine, read once',
  requests: "calls, watchers, leases and troubles as etcd's own page counts them",
  limits: "what the control group of etcd's process lets it have, and the machine's free memory",
  neighbours: 'who else uses the disk and the CPUs, while one of them is short',
} as const;

/** The name of a collector that can be switched off. */
export type SwitchableCollector = keyof typeof switchableCollectors;
