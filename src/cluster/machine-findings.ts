import { deviceFindings } from './device-findings.ts';
import type { Observation } from './observation.ts';
import { probeFindings } from './probe-findings.ts';
import type { Finding } from './sections.ts';
import { filesystemFindings, roomFindings } from './space.ts';
import { lacksRight } from './unseen.ts';

/** A finding of the machine, and the collector whose reading it is of. */
interface MachineFinding extends Finding {
  readonly collector: 'disk' | 'filesystem' | 'fsync-probe';
}

/** What is wrong with the disk under the WAL and the data: its space, its device, and the agent's own writes on it. */
export function machineFindings(observation: Observation): readonly MachineFinding[] {
  return [...ofSpace(observation), ...ofDevices(observation), ...ofProbe(observation)];
}

function ofSpace({ sections }: Observation): readonly MachineFinding[] {
  const quota = sections.quota?.value;
  const told = new Set<string>();
  return (sections.filesystem?.value?.filesystems ?? []).flatMap((filesystem) => {
    const mountPoint = sections.disk?.value?.devices.find(({ role }) => role === filesystem.role)?.mountPoint;
    const findings = filesystemFindings(filesystem)
      // The WAL and the data mostly lie on one file system: what is wrong with that is told once.
      .filter(({ code }) => mountPoint === undefined || !told.has(`${code} ${mountPoint}`))
      .concat(filesystem.role === 'data' && quota !== undefined ? roomFindings(filesystem, quota) : []);
    for (const { code } of findings) told.add(`${code} ${mountPoint}`);
    return findings.map((finding) => ({ ...finding, collector: 'filesystem' as const }));
  });
}

function ofDevices({ sections }: Observation): readonly MachineFinding[] {
  return (sections.disk?.value?.devices ?? []).flatMap((device) => {
    const { role, path, unresolved } = device;
    const findings = deviceFindings(device);
    // What lies in memory has no device, and what the agent may not see is told apart from this.
    const isToBeTold = unresolved !== undefined && findings.length === 0 && !lacksRight(unresolved);
    const unknown: Finding = {
      code: 'DEVICE_UNKNOWN',
      severity: 'info',
      message: `The device under the ${role === 'wal' ? 'WAL' : 'data'} (${path}) is not fully known: ${unresolved}.`,
      remedy: 'Its counters are not shown; what etcd and the fsync probe measure holds all the same.',
    };
    return [...findings, ...(isToBeTold ? [unknown] : [])].map((finding) => ({
      ...finding,
      collector: 'disk' as const,
    }));
  });
}

function ofProbe({ sections }: Observation): readonly MachineFinding[] {
  return (sections['fsync-probe']?.value?.probes ?? [])
    .filter(({ fault }) => !lacksRight(`(${fault?.code})`))
    .flatMap(probeFindings)
    .map((finding) => ({ ...finding, collector: 'fsync-probe' as const }));
}
