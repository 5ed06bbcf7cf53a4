import { deviceFindings } from '../../../cluster/device-findings.ts';
import type { RoleDevice } from '../../../cluster/sections.ts';
import { type Check, found, type Line, ok, skipped } from '../check.ts';
import type { Facts } from '../facts.ts';
import { etcdLatency } from './disk-etcd.ts';
import { preflightLine } from './disk-preflight.ts';

/** What lies under the WAL and the data, and how fast it is: by writing as etcd does, and by etcd's own histograms. */
export const diskCheck: Check = {
  group: 'disk',
  examine: (facts) => {
    const latency = etcdLatency(facts);
    const missing = missingDirectory(facts);
    return missing === undefined
      ? [...devices(facts), ...facts.preflight.map(preflightLine), ...latency]
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
