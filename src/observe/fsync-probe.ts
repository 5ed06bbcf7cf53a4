import { join } from 'node:path';
import { AgentError, faultOf } from '../cluster/agent-error.ts';
import type { DiskRole, FsyncProbeSection } from '../cluster/sections.ts';
import type { Collector } from './collector.ts';
import type { MemberDirectories } from './fsync-probe-place.ts';
import type { ProbeReply, probeOperations } from './fsync-probe-thread.ts';
import { HistogramRecorder, probeEdgesSeconds } from './histogram-recorder.ts';
import { createDiskThread, siblingModule } from './linux/disk-thread.ts';

export interface FsyncProbeOptions {
  /** Etcd's `--data-dir`. */
  readonly dataDir: string;
  /** Etcd's `--wal-dir`; absent: `<dataDir>/member/wal`. */
  readonly walDir?: string;
  /** From the start of one probe to the start of the next; at least 1000, the default. */
  readonly intervalMs?: number;
  /** False: nothing is written, and what a killed agent left is removed. Default true. */
  readonly enabled?: boolean;
  /** Where less than this share of the file system is available, nothing is written; default 0.05. */
  readonly minimumAvailableRatio?: number;
  /** Why the directories are another etcd's, as a sentence: then nothing is written there and nothing removed. */
  readonly foreign?: (signal: AbortSignal) => Promise<string | undefined>;
}

/** A write that is still under way after so long is shown as pending; a shorter one will be in the histogram soon. */
const pendingFromSeconds = 1;

/** How long the end of the agent waits for the disk. */
const closeGraceMs = 1000;

/** What the collector knows of one role. */
interface RoleState {
  readonly role: DiskRole;
  directory: string;
  readonly latency: HistogramRecorder;
  failures: number;
  idle: string | undefined;
  suspended: boolean;
  fault: { readonly code: string; readonly message: string } | undefined;
  /** Monotonic start of the probe under way, in ms. */
  startedAtMs: number | undefined;
  onOtherDevice: boolean;
}

/**
 * Writes as etcd does, 2300 bytes and fdatasync, beside the WAL, and in the data dir where that is on another device:
 * the disk's latency without etcd's own load in it, and below the 1 ms at which etcd's histograms begin. The calls
 * block in one thread (14 MB resident beside a loaded agent, compiled, Node 24), so a hung disk hangs nothing else; as
 * there is one thread, a hung WAL device also holds up the probe of the data's device, which then says so.
 * @throws AgentError `FSYNC_PROBE_INTERVAL` for an interval under a second.
 */
export function fsyncProbeCollector(options: FsyncProbeOptions): Collector<'fsync-probe'> {
  const intervalMs = options.intervalMs ?? 1000;
  if (!(intervalMs >= 1000)) {
    throw new AgentError('FSYNC_PROBE_INTERVAL', `The fsync probe was told to write every ${intervalMs} ms.`, {
      remedy: 'Set an interval of at least 1s.',
    });
  }
  const directories: MemberDirectories = {
    dataDir: options.dataDir,
    walDir: options.walDir ?? join(options.dataDir, 'member', 'wal'),
  };
  const thread = createDiskThread<typeof probeOperations>(siblingModule(import.meta.url, 'fsync-probe-thread'));
  const roles = [newRole('wal', directories.walDir), newRole('data', join(options.dataDir, 'member'))];
  const { enabled = true, minimumAvailableRatio = 0.05 } = options;
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let foreign: string | undefined;

  async function probeAll(): Promise<void> {
    const startedAtMs = performance.now();
    foreign = await options.foreign?.(stopping.signal);
    if (stopping.signal.aborted) return;
    for (const role of roles) {
      if (foreign === undefined) await probeOne(role);
      else suspend(role, foreign);
    }
    if (stopping.signal.aborted) return;
    timer = setTimeout(() => void probeAll(), Math.max(0, startedAtMs + intervalMs - performance.now()));
    timer.unref();
  }

  async function probeOne(role: RoleState): Promise<void> {
    role.startedAtMs = performance.now();
    try {
      const request = { role: role.role, directories, minimumAvailableRatio };
      note(role, await thread.call('probe', request, stopping.signal));
    } catch (error) {
      if (!stopping.signal.aborted) suspend(role, `the probe's thread failed: ${faultOf(error).message}`);
    } finally {
      role.startedAtMs = undefined;
    }
  }

  return {
    name: 'fsync-probe',
    start: () => {
      if (enabled) void probeAll();
      // Nobody waits for this: what cannot be removed now is 147 kB that the next start finds again.
      else void removeOwn().finally(() => thread.close(closeGraceMs));
    },
    collect: async () => (enabled ? sectionOf(roles) : offSection(directories.walDir)),
    close: async () => {
      stopping.abort(new AgentError('STOPPED', 'The agent stops.'));
      clearTimeout(timer);
      const failure =
        enabled && (foreign === undefined || hasWritten(roles))
          ? await removeFiles(AbortSignal.timeout(closeGraceMs))
          : undefined;
      const ended = await thread.close(closeGraceMs);
      if (!ended) {
        throw new AgentError(
          'DISK_HUNG',
          `A write of the fsync probe under ${directories.walDir} hangs in the kernel.`,
          {
            remedy: 'Look at the disk. The process can only end with SIGKILL; the next start removes the probe file.',
          },
        );
      }
      if (failure !== undefined) throw failure;
    },
  };

  async function removeOwn(): Promise<void> {
    foreign = await options.foreign?.(stopping.signal);
    if (foreign === undefined) await removeFiles(stopping.signal);
  }

  /** Undefined when it went well. */
  async function removeFiles(signal: AbortSignal): Promise<AgentError | undefined> {
    try {
      await thread.call('remove', directories, signal);
      return undefined;
    } catch (cause) {
      const what = `The fsync probe's file beside ${directories.walDir} was not removed: ${faultOf(cause).message}`;
      return new AgentError('FSYNC_PROBE_FILE', what, { cause, remedy: 'Remove it, or leave it to the next start.' });
    }
  }
}

function hasWritten(roles: readonly RoleState[]): boolean {
  return roles.some(({ latency }) => latency.snapshot().count > 0);
}

function newRole(role: DiskRole, directory: string): RoleState {
  return {
    role,
    directory,
    latency: new HistogramRecorder(probeEdgesSeconds),
    failures: 0,
    idle: undefined,
    suspended: false,
    fault: undefined,
    startedAtMs: undefined,
    onOtherDevice: role === 'wal',
  };
}

function note(role: RoleState, reply: ProbeReply): void {
  role.onOtherDevice = reply.kind !== 'same-device';
  role.idle = reply.kind === 'idle' ? reply.reason : undefined;
  role.suspended = reply.kind === 'idle' && reply.suspended === true;
  role.fault = reply.kind === 'failed' ? { code: reply.code, message: reply.message } : undefined;
  if (reply.kind === 'failed') role.failures += 1;
  if (reply.kind === 'written' || reply.kind === 'ready') role.directory = reply.directory;
  if (reply.kind === 'written') role.latency.record(reply.seconds);
}

function suspend(role: RoleState, reason: string): void {
  role.idle = reason;
  role.suspended = true;
}

function sectionOf(roles: readonly RoleState[]): FsyncProbeSection {
  const hung = roles.find((role) => (pendingSeconds(role) ?? 0) >= pendingFromSeconds);
  return {
    probes: roles
      .filter((role) => role.onOtherDevice)
      .map((role) => {
        const idle = idleSentence(role, hung);
        return {
          role: role.role,
          directory: role.directory,
          latency: role.latency.snapshot(),
          failures: role.failures,
          ...(idle === undefined ? {} : { idle }),
          ...(role.suspended ? { suspended: true as const } : {}),
          ...(role.fault === undefined ? {} : { fault: role.fault }),
          ...(role === hung ? { pendingSeconds: pendingSeconds(role) ?? 0 } : {}),
        };
      }),
  };
}

function idleSentence(role: RoleState, hung: RoleState | undefined): string | undefined {
  if (hung === undefined) return role.idle;
  const seconds = Math.floor(pendingSeconds(hung) ?? 0);
  if (role === hung) return `the write under way has been waiting for ${seconds} s`;
  return `waits for the probe in ${hung.directory}, which has hung for ${seconds} s`;
}

function pendingSeconds(role: RoleState): number | undefined {
  return role.startedAtMs === undefined ? undefined : (performance.now() - role.startedAtMs) / 1000;
}

function offSection(directory: string): FsyncProbeSection {
  const latency = new HistogramRecorder(probeEdgesSeconds).snapshot();
  return { probes: [{ role: 'wal', directory, latency, failures: 0, idle: 'off by configuration' }] };
}
