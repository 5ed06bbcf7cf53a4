import { deviceFindings, slowDiskRemedy } from '../../../cluster/device-findings.ts';
import { writeFails } from '../../../cluster/probe-findings.ts';
import type { RoleDevice, WalSection } from '../../../cluster/sections.ts';
import { formatLatency } from '../../units.ts';
import { type Check, found, type Line, ok, skipped } from '../check.ts';
import type { DiskPreflight, Facts } from '../facts.ts';
import { describeSeconds, sampleAt } from '../sorted-seconds.ts';

/** Etcd's hardware guidance: the 99th percentile of fdatasync should be below 10 ms. */
const fsyncP99Seconds = 0.01;

/** Etcd's FAQ: the 99th percentile of backend commits should be below 25 ms. */
const commitP99Seconds = 0.025;

/** Half of the default election timeout: from here on leaders are lost because of the disk. */
const disastrousSeconds = 0.5;

/** Fewer samples than this have no 99th percentile to speak of. */
const enoughSamples = 20;

/** What lies under the WAL and the data, and how fast it is: by writing as etcd does, and by etcd's own histograms. */
export const diskCheck: Check = {
  group: 'disk',
  examine: (facts) => {
    const latency = etcdLatency(facts.observation.sections.wal?.value);
    const missing = missingDirectory(facts);
    return missing === undefined
      ? [...devices(facts), ...facts.preflight.map(preflight), ...latency]
      : [missing, ...latency];
  },
};

/** In the words of the collectors, which also looked where etcd's process sees the directory. */
const isMissing = 'does not exist where the agent can see it';

function missingDirectory({ observation, dataDir }: Facts): Line | undefined {
  const { disk } = observation.sections;
  const paths = disk?.value?.devices
    .filter(({ unresolved }) => unresolved?.includes(isMissing))
    .map(({ path }) => path);
  if (paths?.length === 0 || (disk?.value === undefined && disk?.fault?.message.includes(isMissing) !== true)) {
    return undefined;
  }
  const message = `${[...new Set(paths ?? [dataDir])].join(', ')} does not exist on this machine.`;
  const remedy = 'Correct member.dataDir and member.walDir (--data-dir), or mount them where the agent runs.';
  return found({ code: 'DATA_DIR_MISSING', severity: 'critical', message, remedy });
}

function devices({ observation, dataDir }: Facts): readonly Line[] {
  const reading = observation.sections.disk;
  if (dataDir === undefined) {
    return [skipped('not checked: etcd does not run on this machine, and no data directory is given (--data-dir)')];
  }
  if (reading?.value === undefined) {
    return [skipped(`the device under ${dataDir} is not known: ${reading?.fault?.message ?? 'it was not observed'}`)];
  }
  return reading.value.devices.flatMap(deviceLine);
}

function deviceLine(device: RoleDevice): readonly Line[] {
  const { role, path, filesystemType, unresolved } = device;
  const findings = deviceFindings(device);
  if (findings.length > 0) return findings.map(found);
  if (device.device === undefined) return [skipped(`${role}: ${unresolved ?? `no device under ${path}`}`)];
  const under = device.disks?.filter((disk) => disk !== device.device) ?? [];
  const disks = under.length === 0 ? '' : ` on ${under.join(', ')}`;
  return [
    ok(`${role}: ${path} is on ${device.device}${disks}${filesystemType === undefined ? '' : ` (${filesystemType})`}`),
  ];
}

function preflight({ role, directory, seconds, idle, fault }: DiskPreflight): Line {
  if (fault !== undefined) return found(writeFails(role, fault));
  const what = role === 'wal' ? 'the WAL' : 'the data';
  if (seconds === undefined) return skipped(`writes beside ${what} not measured: ${idle ?? 'no reason given'}`);
  const numbers = `${seconds.length} writes of 2300 bytes with fdatasync in ${directory}: ${describeSeconds(seconds)}`;
  const p99Seconds = sampleAt(0.99, seconds);
  if (p99Seconds < fsyncP99Seconds) return ok(numbers);
  return found({
    code: 'DISK_SLOW',
    severity: p99Seconds > disastrousSeconds ? 'critical' : 'warning',
    message: `${numbers}; etcd wants a p99 below ${formatLatency(fsyncP99Seconds)}.`,
    remedy: slowDiskRemedy,
  });
}

function etcdLatency(wal: WalSection | undefined): readonly Line[] {
  const kinds = [
    ['WAL_FSYNC_SLOW', 'WAL fsync', wal?.walFsyncP99Seconds, wal?.walFsyncsInInterval, fsyncP99Seconds],
    [
      'BACKEND_COMMIT_SLOW',
      'backend commit',
      wal?.backendCommitP99Seconds,
      wal?.backendCommitsInInterval,
      commitP99Seconds,
    ],
  ] as const;
  return kinds.flatMap(([code, name, seconds, samples = 0, limitSeconds]) => {
    if (seconds === undefined || samples < enoughSamples) return [];
    const numbers = `etcd's own ${name}: p99 ${formatLatency(seconds)} over ${samples} in the last seconds`;
    if (seconds <= limitSeconds) return [ok(numbers)];
    const message = `${numbers}; it should be below ${formatLatency(limitSeconds)}.`;
    return [found({ code, severity: 'warning', message, remedy: slowDiskRemedy })];
  });
}
