import { expect, test } from 'vitest';
import type { Observation } from '../../src/cluster/observation.ts';
import type { ProcessSection } from '../../src/cluster/sections.ts';
import { unseenFindings } from '../../src/cluster/unseen.ts';

const reading = { observedAtMs: 0, durationSeconds: 0 };
const etcd: ProcessSection = {
  ...{ pid: 7, foundBy: 'data-dir', startedAtMs: 0, cpuSeconds: 0, residentBytes: 1, settings: {} },
};
const seeing = (sections: Observation['sections']): Observation => ({
  ...{ member: 'm1', cluster: 'c', agentVersion: '0', observedAtMs: 0, observedAtMonotonicMs: 0, rounds: 1 },
  collectors: {},
  sections,
});

test('what the agent has no right to see is one finding that names each thing once', () => {
  const hidden = 'the agent may not look into /var/lib/etcd: run it as root';
  const io = 'the I/O counters of process 7 could not be read (EACCES)';
  const findings = unseenFindings(
    seeing({
      process: { ...reading, value: { ...etcd, unread: [io] } },
      disk: { ...reading, value: { devices: [{ role: 'wal', path: '/var/lib/etcd', unresolved: hidden }] } },
      filesystem: { ...reading, fault: { code: 'FILESYSTEM_UNRESOLVED', message: hidden } },
    }),
  );
  expect(findings).toEqual([
    {
      code: 'AGENT_LACKS_RIGHTS',
      severity: 'warning',
      message: `The agent may not see all of its member: ${io}; ${hidden}.`,
      remedy: expect.stringContaining("as etcd's user"),
    },
  ]);
});

test('a process that may be etcd and is hidden from the agent counts too', () => {
  const message = 'no process that the agent can see; process 9 is called etcd, and the agent may not look into it';
  const process = { ...reading, fault: { code: 'ETCD_PROCESS_NOT_FOUND', message } };
  expect(unseenFindings(seeing({ process })).map(({ code }) => code)).toEqual(['AGENT_LACKS_RIGHTS']);
});

test('what is not there, or has ended meanwhile, is no lack of rights', () => {
  const unread = ['the I/O counters of process 7 could not be read (ESRCH)'];
  const devices = [{ role: 'wal' as const, path: '/x', unresolved: '/x does not exist where the agent can see it' }];
  const sections = { process: { ...reading, value: { ...etcd, unread } }, disk: { ...reading, value: { devices } } };
  expect(unseenFindings(seeing(sections))).toEqual([]);
});
