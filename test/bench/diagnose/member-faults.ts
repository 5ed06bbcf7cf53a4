import { killBoth, signalTo } from '../../chaos/heal/process-faults.ts';
import type { DiagnosedFault } from './fault.ts';

/** Faults of members as such, and settings that do not fit. */
export const memberFaults: readonly DiagnosedFault[] = [
  {
    name: 'stopped',
    what: 'the process of etcd is stopped (SIGSTOP)',
    expected: ['process-stopped'],
    of: 'victim',
    by: 'victim',
    strike: async ({ victim }) => {
      const pid = victim.etcdPid();
      if (pid !== undefined) signalTo(pid, 'SIGSTOP');
      return {
        undo: () => {
          if (pid !== undefined) signalTo(pid, 'SIGCONT');
        },
      };
    },
  },
  {
    name: 'machine-gone',
    what: 'etcd and its agent are gone',
    expected: ['machine-gone', 'member-unreachable'],
    of: 'victim',
    by: 'others',
    strike: async ({ victim }) => {
      await killBoth(victim);
      return { undo: () => victim.startAgent() };
    },
  },
  {
    name: 'quorum-lost',
    what: 'two of three etcds and their agents are gone',
    expected: ['quorum-lost'],
    by: 'victim',
    strike: async ({ ground, victim }) => {
      const gone = ground.cluster.members.filter(({ name }) => name !== victim.name);
      await Promise.all(gone.map(killBoth));
      return {
        undo: () => {
          for (const each of gone) each.startAgent();
        },
      };
    },
  },
  {
    name: 'disk-full',
    what: 'something else fills the file system of the data to 97 %',
    expected: ['disk-full'],
    of: 'victim',
    by: 'victim',
    ground: { smallDisk: true },
    anew: true,
    strike: async ({ ground: { smallDisk } }) => {
      smallDisk?.fillTo(0.97);
      return { undo: () => smallDisk?.empty() };
    },
  },
  {
    name: 'quota-off',
    what: 'a quota that is switched off (--quota-backend-bytes=-1)',
    expected: ['quota-setting-unfit'],
    of: 'victim',
    by: 'victim',
    anew: true,
    isThere: true,
    ground: { args: ['--quota-backend-bytes=-1'] },
    strike: async () => ({ undo: () => undefined }),
  },
];
