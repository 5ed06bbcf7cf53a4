import { randomUUID } from 'node:crypto';
import type { HistoryEntry, Slot } from '../../src/cluster/caretaking.ts';
import { MemberClient } from '../../src/etcd/member-client.ts';
import { type JournalKeys, journalKeys } from '../../src/journal/keys.ts';
import type { Term } from '../../src/journal/term.ts';
import { type ClusterOptions, type RealCluster, startCluster } from '../real/cluster.ts';
import { startTcpProxy, type TcpProxy } from '../real/tcp-proxy.ts';

/** A real etcd, and journals in it: every one below a prefix of its own. */
export interface JournalOnEtcd extends AsyncDisposable {
  readonly cluster: RealCluster;
  /** Not through the proxy. */
  readonly direct: MemberClient;
  readonly proxy: TcpProxy;
  /** A client through the proxy before the first member; closed with everything else. */
  connect(options?: { readonly callTimeoutMs?: number }): MemberClient;
  newKeys(): JournalKeys;
}

/** Starts one; whoever starts it disposes of it. */
export async function journalOnEtcd(options: ClusterOptions = {}): Promise<JournalOnEtcd> {
  const cluster = await startCluster(options);
  const endpoint = cluster.endpoints[0] ?? '';
  const proxy = await startTcpProxy(Number(new URL(endpoint).port));
  const direct = new MemberClient({ member: 'm1', endpoint });
  const clients: MemberClient[] = [direct];
  return {
    cluster,
    direct,
    proxy,
    connect: (more = {}) => {
      const client = new MemberClient({ member: 'm1', endpoint: `http://${proxy.address}`, ...more });
      clients.push(client);
      return client;
    },
    newKeys: () => journalKeys(`/${randomUUID()}/`),
    [Symbol.asyncDispose]: async () => {
      for (const client of clients) client.close();
      await proxy.close();
      await cluster.close();
    },
  };
}

/** A term that is held until it is told otherwise, with a leader's key of its own. */
export async function forcedTerm(
  client: MemberClient,
  keys: JournalKeys,
  { epoch = 1n, holder = 'a', lease = 0n }: { epoch?: bigint; holder?: string; lease?: bigint } = {},
): Promise<Term> {
  const value = Buffer.from(JSON.stringify({ format: 1, holder }));
  const { revision } = await client
    .txn({
      compare: [],
      changes: [{ delete: keys.leader }],
    })
    .then(() => client.txn({ compare: [], changes: [{ put: keys.leader, value, lease }] }));
  return {
    epoch,
    holder,
    held: true,
    lost: new AbortController().signal,
    guard: [{ key: keys.leader, createRevision: revision }],
  };
}

/** A slot with what does not matter filled in. */
export function aSlot(over: Partial<Slot> = {}): Slot {
  return {
    id: randomUUID(),
    operation: 'defrag',
    operationVersion: 1,
    targets: ['a', 'b'],
    phase: 'taken',
    epoch: 1n,
    holder: 'a',
    startedAtMs: 1,
    phaseAtMs: 1,
    reasons: ['because'],
    parameters: {},
    progress: {},
    steps: [],
    ...over,
  };
}

/** An entry of the history with what does not matter filled in. */
export function anEntry(over: Partial<HistoryEntry> = {}): HistoryEntry {
  return {
    revision: 1n,
    id: randomUUID(),
    operation: 'defrag',
    outcome: 'succeeded',
    epoch: 1n,
    holder: 'a',
    targets: [],
    startedAtMs: 1,
    endedAtMs: 2,
    seconds: 0.001,
    reasons: [],
    summary: 'done',
    steps: [],
    figures: {},
    ...over,
  };
}
