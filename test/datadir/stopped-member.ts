import { execFile, spawn } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { MemberClient } from '../../src/etcd/member-client.ts';
import type { EtcdLine } from '../real/binaries.ts';
import type { RealCluster } from '../real/cluster.ts';
import { startCluster } from '../real/cluster.ts';
import { freePort } from '../real/ports.ts';

const run = promisify(execFile);

/** A member that has lived and was killed, and what it said of itself before. */
export interface StoppedMember extends AsyncDisposable {
  readonly cluster: RealCluster;
  readonly dataDir: string;
  readonly said: {
    readonly clusterId: string;
    readonly memberId: string;
    readonly raftTerm: bigint;
    readonly raftIndex: bigint;
  };
  /** A copy of its data dir, which the test may change. */
  copy(): Promise<string>;
}

/** Kills the only member of a cluster after so many writes. @param args further ones of etcd */
export async function stoppedMember(
  version: EtcdLine,
  { writes = 40, valueBytes = 100, args = [] }: { writes?: number; valueBytes?: number; args?: readonly string[] } = {},
): Promise<StoppedMember> {
  const cluster = await startCluster({ version, extraArgs: args });
  const [member] = cluster.members;
  if (member === undefined) throw new Error('there is no member');
  const client = new MemberClient({ member: 'm1', endpoint: member.endpoint });
  for (let index = 0; index < writes; index += 1) {
    await client.put(Buffer.from(`key/${index}`), Buffer.alloc(valueBytes, `value ${index} `));
  }
  const status = await client.status();
  client.close();
  await member.kill();
  const copies = await mkdtemp(join(tmpdir(), 'caretaker-datadir-'));
  let count = 0;
  return {
    cluster,
    dataDir: member.dataDir,
    said: {
      clusterId: status.header.clusterId,
      memberId: status.header.memberId,
      raftTerm: status.header.raftTerm,
      raftIndex: status.raftIndex,
    },
    copy: async () => {
      count += 1;
      const to = join(copies, String(count));
      // Most of a WAL is preallocated and empty.
      await run('cp', ['-r', '--sparse=always', member.dataDir, to]);
      return to;
    },
    [Symbol.asyncDispose]: async () => {
      await cluster.close();
      await rm(copies, { recursive: true, force: true });
    },
  };
}

/** Flips one bit of a file. */
export async function flip(path: string, byte: number, bit: number): Promise<void> {
  await using file = await open(path, 'r+');
  const one = Buffer.alloc(1);
  await file.read(one, 0, 1, byte);
  one[0] = (one[0] ?? 0) ^ (1 << bit);
  await file.write(one, 0, 1, byte);
}

/** What came of starting etcd on a data dir: whether it served, and which of the keys `key/0…` it then had. */
export interface Started {
  readonly served: boolean;
  readonly keys: number;
}

/**
 * Starts etcd on a data dir, looks whether it answers, and kills it.
 * @param patienceMs then it counts as refused: one that has lost all of its log runs and finds no leader
 */
export async function startsOn(etcd: string, dataDir: string, patienceMs = Number.POSITIVE_INFINITY): Promise<Started> {
  const [clientUrl, peerUrl] = [`http://127.0.0.1:${await freePort()}`, `http://127.0.0.1:${await freePort()}`];
  const child = spawn(
    etcd,
    [
      ...[
        '--data-dir',
        dataDir,
        '--name',
        'm1',
        '--listen-client-urls',
        clientUrl,
        '--advertise-client-urls',
        clientUrl,
      ],
      ...['--listen-peer-urls', peerUrl, '--heartbeat-interval', '20', '--election-timeout', '200'],
    ],
    { stdio: 'ignore', env: { ...process.env, ETCD_UNSUPPORTED_ARCH: process.arch } },
  );
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const client = new MemberClient({ member: 'm1', endpoint: clientUrl });
  try {
    const began = performance.now();
    while (child.exitCode === null && child.signalCode === null && performance.now() - began < patienceMs) {
      try {
        await client.linearizableRead();
        const { count } = await client.range({
          key: Buffer.from('key/'),
          rangeEnd: Buffer.from('key0'),
          countOnly: true,
        });
        return { served: true, keys: Number(count) };
      } catch {
        await sleep(20);
      }
    }
    return { served: false, keys: 0 };
  } finally {
    client.close();
    child.kill('SIGKILL');
    await ended;
  }
}
