import type { Finding, FsyncProbeSection } from './sections.ts';

type Probe = FsyncProbeSection['probes'][number];

/** A write of 2300 bytes that waits for longer than any disk that is only busy, and longer than raft's elections. */
const hangsFromSeconds = 10;

/** What the agent's own writes say of the disk: that they fail, that one hangs, or that none is made for a reason that matters. */
export function probeFindings({
  role,
  directory,
  fault,
  idle,
  suspended,
  pendingSeconds = 0,
}: Probe): readonly Finding[] {
  const what = role === 'wal' ? 'the WAL' : 'the data';
  if (fault !== undefined) {
    return [writeFails(role, fault)];
  }
  if (pendingSeconds >= hangsFromSeconds) {
    return [
      {
        code: 'DISK_HUNG',
        severity: 'critical',
        message: `A write of 2300 bytes beside ${what} (${directory}) has been waiting for the disk for ${Math.floor(pendingSeconds)} s.`,
        remedy: 'Look at the disk and at what the kernel says of it (dmesg): etcd waits for it too.',
      },
    ];
  }
  return idle === undefined || suspended !== true
    ? []
    : [
        {
          code: 'FSYNC_PROBE_SUSPENDED',
          severity: 'warning',
          message: `How fast the disk under ${what} is, is not measured: ${idle}.`,
          remedy: 'Nothing is written there so that nothing is taken from etcd: mend what it says, and it goes on.',
        },
      ];
}

/** A write beside the WAL or the data that failed. */
export function writeFails(
  role: Probe['role'],
  fault: { readonly code: string; readonly message: string; readonly remedy?: string },
): Finding {
  return {
    code: fault.code,
    severity: 'critical',
    message: `Writing beside ${role === 'wal' ? 'the WAL' : 'the data'} fails: ${fault.message}.`,
    remedy: fault.remedy ?? 'Look at the disk, its space and its permissions: etcd writes there too.',
  };
}
