import { connect } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import { fillMember } from '../backup/filled-member.ts';
import { BareEtcdClient, putMessage, rangeMessage, watchMessage } from '../bare-etcd-client.ts';
import type { DiagnosedFault, FaultContext, Struck } from './fault.ts';

const many = 12_000;
const pods = { from: Buffer.from('/registry/pods/'), to: Buffer.from('/registry/pods0') };

/** What clients do to etcd. */
export const clientFaults: readonly DiagnosedFault[] = [
  {
    name: 'writes',
    what: 'a client writes values of 64 KiB under /jobs/ as fast as it can, 16 at a time',
    expected: ['heavy-writes'],
    by: 'all',
    anew: true,
    strike: async ({ victim }) => {
      const value = Buffer.alloc(65_536, 'v');
      return busy(victim, 16, 20_000, (client, turn) =>
        client.put(putMessage(Buffer.from(`/jobs/queue/${turn % 200}`), value)),
      );
    },
  },
  {
    name: 'ranges',
    what: 'a client lists all of /registry/pods/ (20 MiB), 8 at a time',
    expected: ['heavy-ranges'],
    of: 'victim',
    by: 'victim',
    strike: async ({ victim }) => busy(victim, 8, 60_000, (client) => client.read(rangeMessage(pods.from, pods.to))),
  },
  {
    name: 'watchers',
    what: `a client opens ${many} watchers`,
    expected: ['too-many-watchers'],
    of: 'victim',
    by: 'victim',
    strike: async ({ victim }) => {
      const session = connect(victim.endpoint);
      session.on('error', () => undefined);
      const stream = session.request({
        ':method': 'POST',
        ':path': '/etcdserverpb.Watch/Watch',
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      stream.on('error', () => undefined);
      stream.resume();
      for (let number = 0; number < many; number += 1) {
        if (!stream.write(watchMessage(Buffer.from(`/watched/${number}`)))) await sleep(1);
      }
      return { undo: () => session.destroy() };
    },
  },
  {
    name: 'leases',
    what: `a client takes ${many} leases`,
    expected: ['too-many-leases'],
    by: 'all',
    anew: true,
    strike: async ({ victim }) => {
      const client = new MemberClient({ member: victim.name, endpoint: victim.endpoint, callTimeoutMs: 20_000 });
      let left = many;
      const grant = async (): Promise<void> => {
        while (left > 0) {
          left -= 1;
          await client.grantLease(600).catch(() => undefined);
        }
      };
      await Promise.all(Array.from({ length: 64 }, grant));
      client.close();
      return { undo: () => undefined };
    },
  },
  {
    name: 'timeouts',
    what: 'a client gives up each small read after 1 ms, 30 a second',
    expected: ['client-timeouts'],
    of: 'victim',
    by: 'victim',
    strike: async ({ victim }) =>
      busy(victim, 1, 1, async (client) => {
        // Of nothing: large ones would be a load of their own, and rightly named before.
        await client.read(rangeMessage(Buffer.from('/nothing/'), Buffer.from('/nothing0'))).catch(() => undefined);
        await sleep(30);
      }),
  },
  {
    name: 'quota',
    what: 'a client fills 85 % of a quota of 96 MiB',
    expected: ['quota-running-out'],
    of: 'victim',
    by: 'victim',
    anew: true,
    ground: { args: [`--quota-backend-bytes=${96 * 2 ** 20}`] },
    strike: async ({ victim }) => {
      const client = new MemberClient({ member: victim.name, endpoint: victim.endpoint, callTimeoutMs: 30_000 });
      const wanted = 0.85 * 96 * 2 ** 20;
      let bytes = 20 * 2 ** 20;
      for (let size = 0; size < wanted; size = (await client.status()).dbSizeBytes) {
        await fillMember(client, bytes + 2 ** 20, bytes);
        bytes += 2 ** 20;
      }
      client.close();
      return { undo: () => undefined };
    },
  },
];

/** So many at a time, one after the other, until it is undone. */
function busy(
  { endpoint }: FaultContext['victim'],
  atOnce: number,
  timeoutMs: number,
  call: (client: BareEtcdClient, turn: number) => Promise<void>,
): Struck {
  let isOver = false;
  let turn = 0;
  const work = async (): Promise<void> => {
    const client = new BareEtcdClient(endpoint, timeoutMs);
    while (!isOver) {
      turn += 1;
      await call(client, turn).catch(() => sleep(5));
    }
    client.close();
  };
  const working = Promise.all(Array.from({ length: atOnce }, work));
  return {
    undo: async () => {
      isOver = true;
      await working;
    },
  };
}
