import { faultOf } from '../../../cluster/agent-error.ts';
import type { DiskRole } from '../../../cluster/sections.ts';
import type { probeOperations } from '../../../observe/fsync-probe-thread.ts';
import { createDiskThread, type DiskThread } from '../../../observe/linux/disk-thread.ts';
import type { DiskPreflight } from '../facts.ts';

/** What it takes to try the disks. */
export interface PreflightOptions {
  readonly dataDir: string;
  readonly walDir: string;
  readonly signal: AbortSignal;
}

/** Enough for a 99th percentile, and little enough not to be felt: about 700 kB. */
const wantedWrites = 300;

/** A slow disk has shown so by then. */
const longestMs = 3000;

/** A write that takes longer has met a disk that hangs. */
const hangMs = 5000;

/** Where less than this share of the file system is available, nothing is written: the rest belongs to etcd. */
const minimumAvailableRatio = 0.05;

/**
 * Writes beside the WAL as etcd does, 2300 bytes and fdatasync, one after the other in a file that was written before;
 * and beside the data where that lies on another device. The file is removed afterwards. An agent that probes there too
 * finds its file gone and makes a new one. `diskHangs`: a thread waits for the disk, and the process will not end by
 * itself. Rejects never.
 */
export async function diskPreflight(
  options: PreflightOptions,
): Promise<{ readonly preflight: readonly DiskPreflight[]; readonly diskHangs: boolean }> {
  const entry = new URL(
    import.meta.url.endsWith('.ts')
      ? '../../../observe/fsync-probe-thread.ts'
      : '../../../observe/fsync-probe-thread.js',
    import.meta.url,
  );
  const thread = createDiskThread<typeof probeOperations>(entry);
  const directories = { dataDir: options.dataDir, walDir: options.walDir };
  const preflight: DiskPreflight[] = [];
  for (const role of ['wal', 'data'] as const) {
    const reading = await tryRole(thread, role, options);
    if (reading !== undefined) preflight.push(reading);
    if (reading?.fault?.code === hung.code) break;
  }
  await thread.call('remove', directories, AbortSignal.timeout(hangMs)).catch(() => undefined);
  return { preflight, diskHangs: !(await thread.close()) };
}

const hung = { code: 'DISK_HUNG', remedy: 'Look at the disk and at what the kernel says of it (dmesg).' } as const;

/** Undefined where the role lies on the device of the other one. */
async function tryRole(
  thread: DiskThread<typeof probeOperations>,
  role: DiskRole,
  { dataDir, walDir, signal }: PreflightOptions,
): Promise<DiskPreflight | undefined> {
  const seconds: number[] = [];
  const startedMs = performance.now();
  let directory = role === 'wal' ? walDir : dataDir;
  try {
    while (seconds.length < wantedWrites && (seconds.length < 10 || performance.now() - startedMs < longestMs)) {
      const reply = await thread.call(
        'probe',
        { role, directories: { dataDir, walDir }, minimumAvailableRatio },
        AbortSignal.any([signal, AbortSignal.timeout(hangMs)]),
      );
      if (reply.kind === 'same-device') return undefined;
      if (reply.kind === 'idle') return { role, directory, idle: reply.reason };
      if (reply.kind === 'failed') return { role, directory, fault: reply };
      directory = reply.directory;
      if (reply.kind === 'written') seconds.push(reply.seconds);
    }
    return { role, directory, seconds: seconds.toSorted((a, b) => a - b) };
  } catch (error) {
    if (signal.aborted) return { role, directory, idle: 'interrupted' };
    const isHung = error instanceof Error && error.name === 'TimeoutError';
    const message = `a write under ${directory} has not come back within ${hangMs / 1000} s`;
    return { role, directory, fault: isHung ? { ...hung, message } : faultOf(error) };
  }
}
