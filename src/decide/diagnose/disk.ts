import type { Cause, Look } from '../../cluster/diagnosis.ts';
import { median } from '../../cluster/median.ts';
import type { DeviceCounters } from '../../cluster/sections.ts';
import { formatBytes, formatLatency, formatPercent, formatSpan } from '../../cluster/units.ts';
import { neighboursText, topNeighbour } from './neighbours.ts';
import { probeOf, type Symptoms } from './symptoms.ts';
import type { Window } from './window.ts';

/** A write of 2300 bytes that waits for longer than any disk that is only busy (as the finding DISK_HUNG has it). */
const hangsFromSeconds = 10;

/**
 * A file system with less free than both is as good as full. A share of a large one is still a lot: 16 GiB hold the largest database that etcd
 * recommends twice, as a defragmentation does, and the alert EtcdFilesystemFull goes by the same.
 */
const fullBelowRatio = 0.05;
const fullBelowBytes = 16 * 1024 ** 3;

/** The share of its time for which a device is at work, or its bytes a second, from which on it is under load. */
const busyRatio = 0.5;
const busyBytesPerSecond = 30e6;

/** Etcd brings about a load that it has this share of: a quarter, since members may share a machine, as in a test. */
const ownShare = 0.25;

/** Etcd's fsyncs that take so many times as long as the agent's own writes beside them are held up by something of etcd's own. */
const limitedFactor = 3;

/** Appends to the WAL from which on they are the load, whoever else is there. */
const heavyWalBytesPerSecond = 5e6;

/** What makes the disk slow for etcd, or keeps it from writing at all. At most one that says why it is slow. */
export function diskCauses(window: Window, symptoms: Symptoms): readonly Cause[] {
  const blocked = [...hungDisk(window), ...fullDisk(window)];
  return blocked.length > 0 || !symptoms.isFsyncSlow ? blocked : [slowDisk(window, symptoms)];
}

function hungDisk({ newest: { member, values } }: Window): readonly Cause[] {
  const { pendingSeconds = 0, directory = '' } = probeOf(values) ?? {};
  if (pendingSeconds < hangsFromSeconds) return [];
  return [
    {
      verdict: 'disk-hung',
      member,
      confidence: 'certain',
      evidence: [
        `a write of 2300 bytes of the agent in ${directory} has been waiting for ${formatSpan(pendingSeconds)}`,
      ],
      firstStep: 'See what the kernel says of the disk (dmesg), and what the storage behind it says.',
    },
  ];
}

function fullDisk({ newest: { member, values } }: Window): readonly Cause[] {
  const full = (values.filesystem?.filesystems ?? []).filter(
    ({ sizeBytes, availableBytes }) =>
      sizeBytes > 0 && availableBytes / sizeBytes < fullBelowRatio && availableBytes < fullBelowBytes,
  );
  const refused = (values['fsync-probe']?.probes ?? []).flatMap(({ fault }) =>
    fault?.code === 'ENOSPC' || fault?.code === 'EDQUOT' ? [`a write of the agent fails: ${fault.message}`] : [],
  );
  const texts = full.map(
    ({ path, sizeBytes, availableBytes }) =>
      `${formatBytes(availableBytes)} of ${formatBytes(sizeBytes)} (${formatPercent(availableBytes / sizeBytes)}) are free under ${path}`,
  );
  if (texts.length + refused.length === 0) return [];
  return [
    {
      verdict: 'disk-full',
      member,
      confidence: 'certain',
      evidence: [...new Set([...refused, ...texts])],
      firstStep: 'Make room on the file system: etcd ends when it cannot write its WAL. Never delete files of its WAL.',
    },
  ];
}

/** Figures of the device under the WAL, over the window. */
interface DeviceLoad {
  readonly name?: string;
  readonly busyRatio?: number;
  readonly bytesPerSecond?: number;
  readonly flushSeconds?: number;
}

function slowDisk(window: Window, symptoms: Symptoms): Cause {
  const device = deviceLoad(window);
  const share = ioShares(window, device);
  const walBytes = median(window.rates(({ values }) => values.requests?.walWrittenBytes));
  const evidence = [...fsyncText(symptoms), ...probeText(symptoms), ...deviceText(device)];
  const bytesPerSecond = device.bytesPerSecond ?? share.bytesPerSecond ?? 0;
  const isLoaded = (device.busyRatio ?? 0) >= busyRatio || bytesPerSecond >= busyBytesPerSecond;
  const isOwn = (walBytes ?? 0) >= heavyWalBytesPerSecond || (isLoaded && (share.etcd ?? 0) >= ownShare);
  const { member } = window.newest;
  if (isOwn) {
    return {
      verdict: 'disk-slow-own-load',
      member,
      confidence: 'likely',
      evidence: [...evidence, ...walText(walBytes), ...shareText(share)],
      firstStep: 'See which prefix is written most (`etcd-caretaker keyspace`) and slow that client down.',
    };
  }
  // Before what the probe says: on a fast disk its mean stays low while the slowest of etcd's writes do not. Of a device that is only at work,
  // and moves little, nobody that is not seen is made guilty: it may be as slow as that.
  const isSeen = (share.others ?? 0) >= ownShare;
  if (isLoaded && share.etcd !== undefined && (isSeen || bytesPerSecond >= busyBytesPerSecond)) {
    const named = neighboursText(window, 'io');
    return {
      verdict: 'disk-slow-neighbour',
      member,
      confidence: isSeen && named.length > 0 ? 'likely' : 'possible',
      evidence: [...evidence, ...shareText(share), ...unseenText(share), ...named],
      firstStep: `Move ${topNeighbour(window, 'io') ?? 'the other load'} to another disk, or limit its I/O (io.max, ionice); give the WAL a disk of its own.`,
    };
  }
  const { fsyncMeanSeconds = 0, isFsyncMeanSlow, probeSeconds, isProbeSlow } = symptoms;
  if (
    probeSeconds !== undefined &&
    !isProbeSlow &&
    isFsyncMeanSlow &&
    fsyncMeanSeconds >= limitedFactor * probeSeconds
  ) {
    return {
      verdict: 'etcd-io-limited',
      member,
      confidence: 'possible',
      evidence: [...evidence, "only etcd's own writes are slow, not those of the agent beside them"],
      firstStep: "Look at the I/O limits of etcd's control group (io.max, io.weight), and for a tracer attached to it.",
    };
  }
  return {
    verdict: 'disk-slow-device',
    member,
    confidence: isProbeSlow ? 'likely' : 'possible',
    evidence: [
      ...evidence,
      ...(isLoaded ? unseenText(share) : ['nobody loads the device']),
      ...(isProbeSlow || isFsyncMeanSlow ? [] : ['most writes are fast: now and then one is not']),
    ],
    firstStep:
      'Look at the disk (SMART, dmesg) and at the IOPS and bursts that the cloud grants it; move the member to a faster one.',
  };
}

function deviceLoad(window: Window): DeviceLoad {
  const device = ({ values }: Look) => values.disk?.devices.find(({ role }) => role === 'wal');
  const counter = (of: keyof DeviceCounters) => (look: Look) => device(look)?.counters?.[of];
  const known = <K extends keyof DeviceLoad>(name: K, value: DeviceLoad[K] | undefined) =>
    value === undefined ? {} : { [name]: value };
  return {
    ...known('name', device(window.newest)?.device),
    ...known('busyRatio', median(window.rates(counter('ioTimeSeconds')))),
    ...known(
      'bytesPerSecond',
      median(
        window.rates((look) => {
          const { readBytes, writtenBytes } = device(look)?.counters ?? {};
          return readBytes === undefined || writtenBytes === undefined ? undefined : readBytes + writtenBytes;
        }),
      ),
    ),
    ...known('flushSeconds', median(window.ratios(counter('flushTimeSeconds'), counter('flushesCompleted')))),
  };
}

/** Shares of what the device moves, or of what is seen of processes where that is more: from 0 to 1. */
interface Shares {
  readonly etcd?: number;
  /** Processes that this agent sees; absent where it has not looked at them. */
  readonly others?: number;
  /** What no process that it sees accounts for: it may not see those of other users or containers, and journals of file systems are nobody's. */
  readonly unseen?: number;
  readonly bytesPerSecond?: number;
}

function ioShares(window: Window, { bytesPerSecond: device }: DeviceLoad): Shares {
  const seen = window.values(({ values: { neighbours } }) =>
    neighbours?.othersIoBytesPerSecond === undefined || neighbours.etcdIoBytesPerSecond === undefined
      ? undefined
      : { others: neighbours.othersIoBytesPerSecond, etcd: neighbours.etcdIoBytesPerSecond },
  );
  const others = median(seen.map((each) => each.others));
  const etcd =
    median(seen.map((each) => each.etcd)) ??
    median(
      window.rates(({ values: { process } }) =>
        process?.readBytes === undefined || process.writtenBytes === undefined
          ? undefined
          : process.readBytes + process.writtenBytes,
      ),
    );
  if (etcd === undefined) return {};
  const visible = etcd + (others ?? 0);
  const total = Math.max(device ?? 0, visible);
  if (total === 0) return {};
  return {
    etcd: etcd / total,
    bytesPerSecond: total,
    ...(others === undefined ? {} : { others: others / total, unseen: 1 - visible / total }),
  };
}

function fsyncText({ fsyncSeconds = 0, fsyncMeanSeconds }: Symptoms): readonly string[] {
  const mean = fsyncMeanSeconds === undefined ? '' : `, ${formatLatency(fsyncMeanSeconds)} on average`;
  return [`an fsync of the WAL takes ${formatLatency(fsyncSeconds)} (p99${mean})`];
}

function probeText({ probeSeconds }: Symptoms): readonly string[] {
  return probeSeconds === undefined
    ? []
    : [`a write of 2300 bytes with fdatasync beside the WAL takes the agent ${formatLatency(probeSeconds)} on average`];
}

function deviceText({
  name = 'the device',
  busyRatio: busy,
  bytesPerSecond,
  flushSeconds,
}: DeviceLoad): readonly string[] {
  const parts = [
    ...(busy === undefined ? [] : [`is at work for ${formatPercent(Math.min(1, busy))} of the time`]),
    ...(bytesPerSecond === undefined ? [] : [`moves ${formatBytes(bytesPerSecond)}/s`]),
    ...(flushSeconds === undefined ? [] : [`takes ${formatLatency(flushSeconds)} for a flush`]),
  ];
  return parts.length === 0 ? [] : [`${name} ${parts.join(', ')}`];
}

function shareText({ etcd }: Shares): readonly string[] {
  return etcd === undefined ? [] : [`etcd has ${formatPercent(etcd)} of the I/O`];
}

function unseenText({ unseen = 0 }: Shares): readonly string[] {
  return unseen < 0.5
    ? []
    : [
        `${formatPercent(unseen)} of it is of nobody that this agent sees: those of other users only root does, those of other containers only an agent on the host`,
      ];
}

function walText(bytesPerSecond: number | undefined): readonly string[] {
  return bytesPerSecond === undefined ? [] : [`etcd appends ${formatBytes(bytesPerSecond)}/s to its WAL`];
}
