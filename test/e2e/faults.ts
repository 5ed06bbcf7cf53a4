import { execFile } from 'node:child_process';
import { copyFile, open, rename, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { dataFaults } from '../chaos/heal/data-faults.ts';
import { killBoth } from '../chaos/heal/process-faults.ts';
import { until } from '../chaos/waiting.ts';
import { findBinaries } from '../real/binaries.ts';
import { slowFsync } from '../real/slow-fsync.ts';
import { replaceByAged } from './aged-certificate.ts';
import { asked, carriedOut } from './asked.ts';
import type { WatchedCluster } from './watched-cluster.ts';

/** What breaks, and who is to be told what of it. */
export interface AlertFault {
  readonly name: string;
  /** For people. */
  readonly what: string;
  /** The alert that has to reach the webhook, and to be taken back. */
  readonly alert: string;
  /** Alerts that fire too, and of which nobody may be told meanwhile. */
  readonly inhibited: readonly string[];
  /** The `for` of the rule, before it is divided. */
  readonly forMs: number;
  /** How long what the rule looks at takes to pass its bound, where that is a time: it is not divided. */
  readonly boundMs?: number;
  /** Breaks it; gives what mends it. */
  strike(watched: WatchedCluster): Promise<() => Promise<void>>;
}

const run = promisify(execFile);
const minuteMs = 60_000;
/** Longer than the 512 ms from which on a fsync counts as stalled. */
const slowFsyncMs = 700;

/** Every fault that is tried, in the order in which it is. */
export const alertFaults: readonly AlertFault[] = [
  {
    name: 'majority-killed',
    what: 'two of three machines die',
    alert: 'EtcdQuorumLost',
    inhibited: ['EtcdNoLeader'],
    forMs: minuteMs,
    strike: async ({ ground: { members } }) => {
      const victims = members.slice(1);
      await Promise.all(victims.map(killBoth));
      return async () => {
        for (const victim of victims) victim.startAgent();
      };
    },
  },
  {
    name: 'member-killed',
    what: 'one of three machines dies',
    alert: 'EtcdNoFaultTolerance',
    inhibited: ['EtcdMemberDown'],
    forMs: 15 * minuteMs,
    strike: async ({ ground: { members } }) => {
      const [victim] = members.slice(-1);
      if (victim !== undefined) await killBoth(victim);
      return async () => victim?.startAgent();
    },
  },
  {
    name: 'disk-slow',
    what: `each fdatasync of every etcd takes ${slowFsyncMs} ms longer (strace)`,
    alert: 'EtcdWalFsyncStalling',
    inhibited: [],
    forMs: 2 * minuteMs,
    strike: async ({ ground: { members } }) => {
      const pids = members.flatMap((member) => member.etcdPid() ?? []);
      const slowed = await Promise.all(pids.map((pid) => slowFsync(pid, slowFsyncMs)));
      return async () => {
        await Promise.all(slowed.map((each) => each.stop()));
      };
    },
  },
  {
    name: 'quota-filled',
    what: 'the quota is used up by history, and the agents are told to leave it',
    alert: 'EtcdNoSpaceAlarm',
    inhibited: [],
    forMs: minuteMs,
    strike: async ({ ground }) => {
      const filled = dataFaults.find(({ name }) => name === 'nospace');
      const signal = new AbortController().signal;
      await filled?.strike({ ground, victims: [], random: () => 0, signal, quorumGoes: () => undefined });
      return () => makeRoom(ground.members.map(({ endpoint }) => endpoint));
    },
  },
  {
    name: 'partition',
    what: 'one machine and the others do not reach each other',
    alert: 'EtcdMemberPartitioned',
    inhibited: [],
    forMs: 3 * minuteMs,
    strike: async ({ ground: { links, members } }) => {
      const [victim] = members.slice(-1);
      for (const other of members.slice(0, -1)) {
        links.lose(other.name, victim?.name ?? '');
        links.lose(victim?.name ?? '', other.name);
      }
      return async () => links.heal();
    },
  },
  {
    name: 'certificate-ends',
    what: 'a certificate of 90 days has one left',
    alert: 'EtcdCertificateAlmostExpired',
    inhibited: ['EtcdCertificateExpiring'],
    forMs: 5 * minuteMs,
    strike: async ({ peerCertificate }) => {
      await replaceByAged(peerCertificate, { daysOld: 89, daysLeft: 1 });
      return () => replaceByAged(peerCertificate, { daysOld: 1, daysLeft: 89 });
    },
  },
  {
    name: 'backups-failing',
    what: 'a file is in the place of the folder of backups',
    alert: 'EtcdWritesUnprotected',
    inhibited: [],
    forMs: 5 * minuteMs,
    boundMs: 5 * minuteMs,
    strike: async ({ ground: { cluster } }) => {
      const store = fileURLToPath(cluster.store);
      await rename(store, `${store}.away`);
      await writeFile(store, '');
      return async () => {
        await rm(store);
        await rename(`${store}.away`, store);
      };
    },
  },
  {
    name: 'drill-failing',
    what: 'the newest full snapshot is damaged, and a drill restores it',
    alert: 'EtcdDrillFailed',
    inhibited: [],
    forMs: 5 * minuteMs,
    strike: async ({ ground, fulls }) => {
      await until('there is no full snapshot', async () => ((await fulls()).length > 0 ? undefined : 'none'));
      const [newest = ''] = (await fulls()).slice(-1);
      await copyFile(newest, `${newest}.whole`);
      const file = await open(newest, 'r+');
      await file.write(Buffer.alloc(64, 0xff), 0, 64, Math.floor((await file.stat()).size / 2));
      await file.close();
      const { outcome, summary } = await asked(ground, 'drill');
      if (outcome !== 'failed') throw new Error(`a drill of a damaged snapshot ${outcome}: ${summary}`);
      return async () => {
        await rename(`${newest}.whole`, newest);
        await carriedOut(ground, 'snapshot');
        await carriedOut(ground, 'drill');
      };
    },
  },
];

/** By hand, as the runbook has it: history goes, every database is rewritten, and the alarm is taken back. */
async function makeRoom(endpoints: readonly string[]): Promise<void> {
  const etcdctl = async (...args: readonly string[]): Promise<string> => {
    const timeouts = ['--dial-timeout=20s', '--command-timeout=60s', `--endpoints=${endpoints.join(',')}`];
    const env = { ...process.env, ETCDCTL_API: '3' };
    return (await run(findBinaries().etcdctl, [...timeouts, ...args], { env })).stdout;
  };
  const [status] = JSON.parse(await etcdctl('endpoint', 'status', '-w', 'json')) as readonly {
    readonly Status: { readonly header: { readonly revision: number } };
  }[];
  await etcdctl('compact', '--physical', String(status?.Status.header.revision ?? 1));
  await etcdctl('defrag');
  await etcdctl('alarm', 'disarm');
}

/** How long it takes at least until the alert of a fault fires, in a test whose durations are divided. */
export function byItsRuleMs({ forMs, boundMs = 0 }: AlertFault, factor: number): number {
  return forMs / factor + boundMs;
}
