import type { TendedMember } from '../../healing/tended-cluster.ts';
import type { DiagnosedFault, FaultContext, Struck } from './fault.ts';

const delayMs = 60;
const links = { links: true } as const;
const proxies = { peerProxies: true } as const;

/** Faults of the network and of clocks, for etcd and agents alike. */
export const networkFaults: readonly DiagnosedFault[] = [
  {
    name: 'slow-link',
    what: `the way to one machine takes ${delayMs} ms longer, and back`,
    expected: ['network-slow-to-peer'],
    of: 'victim',
    by: 'others',
    ground: proxies,
    strike: async ({ victim }) => slowed([victim]),
  },
  {
    name: 'slow-links',
    what: `the ways to all other machines take ${delayMs} ms longer, and back`,
    expected: ['network-slow-to-all'],
    of: 'victim',
    by: 'victim',
    ground: proxies,
    strike: async ({ ground: { cluster }, victim }) => slowed(cluster.members.filter((each) => each !== victim)),
  },
  {
    name: 'partition',
    what: 'a machine and the others do not reach each other',
    expected: ['member-unreachable', 'partitioned', 'machine-gone'],
    of: 'victim',
    by: 'all',
    ground: links,
    strike: async (context) => {
      for (const name of othersOf(context)) {
        context.ground.links.lose(context.victim.name, name);
        context.ground.links.lose(name, context.victim.name);
      }
      return { undo: () => context.ground.links.heal() };
    },
  },
  {
    name: 'clock',
    what: 'the clock of a machine is 5 s ahead of the others',
    expected: ['clock-off'],
    of: 'victim',
    by: 'all',
    ground: links,
    strike: async ({ ground, victim }) => {
      ground.links.shiftClock(victim.name, 5000);
      return { undo: () => ground.links.heal() };
    },
  },
  {
    name: 'far-apart',
    what: 'members that have always been 30 ms apart each way, with a heartbeat of 30 ms and an election timeout of 300 ms',
    expected: ['election-timeout-short'],
    of: 'victim',
    by: 'victim',
    anew: true,
    isThere: true,
    ground: {
      peerProxies: true,
      args: ['--heartbeat-interval=30', '--election-timeout=300'],
      set: { 'observe.peers.interval': '1s', 'observe.peers.timeout': '900ms' },
      before: ({ members }) => {
        for (const { peerProxy } of members) peerProxy?.delay(30);
      },
    },
    strike: async () => ({ undo: () => undefined }),
  },
];

function slowed(members: readonly TendedMember[]): Struck {
  for (const { peerProxy } of members) peerProxy?.delay(delayMs);
  return {
    undo: () => {
      for (const { peerProxy } of members) peerProxy?.heal();
    },
  };
}

function othersOf({ ground: { cluster }, victim }: FaultContext): readonly string[] {
  return cluster.members.map(({ name }) => name).filter((name) => name !== victim.name);
}
