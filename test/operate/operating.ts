import { randomUUID } from 'node:crypto';
import { statfs } from 'node:fs/promises';
import { assembleCluster } from '../../src/cluster/assemble.ts';
import type { AgentRecord, HistoryEntry, OperationName, Slot } from '../../src/cluster/caretaking.ts';
import type { ClusterState, MemberState } from '../../src/cluster/state.ts';
import { MemberClient } from '../../src/etcd/member-client.ts';
import { fetchMetricsPage } from '../../src/etcd/metrics-page.ts';
import { type JournalKeys, journalKeys } from '../../src/journal/keys.ts';
import { takeSlot } from '../../src/journal/slot.ts';
import type { Term } from '../../src/journal/term.ts';
import { memberStatusOf } from '../../src/observe/member-status.ts';
import type { Effects, Reads } from '../../src/operate/effects.ts';
import { etcdEffects } from '../../src/operate/etcd-effects.ts';
import type { JournalPort } from '../../src/operate/journal-port.ts';
import { allOperations } from '../../src/operate/list.ts';
import { type RunOptions, runOperation } from '../../src/operate/runner.ts';
import { SlotJournal } from '../../src/operate/slot-journal.ts';
import type { OperateTiming } from '../../src/operate/timing.ts';
import { aSlot } from '../journal/journal-on-etcd.ts';
import { type ClusterOptions, type RealCluster, startCluster } from '../real/cluster.ts';

/** Elections must not come from a machine that is slow for a moment: they end a sweep, and rightly so. */
const calm = ['--heartbeat-interval', '300', '--election-timeout', '6000'];

export const fast: OperateTiming = {
  settleMs: 300,
  settleWithinMs: 60_000,
  pollMs: 50,
  downAfterMs: 60_000,
  silentAfterMs: 120_000,
  batchMs: 200,
  compactStepMs: 1000,
  reraiseMs: 500,
  hashPauseMs: 50,
};

/** A term that a test ends when it likes. */
export interface TestTerm extends Term {
  held: boolean;
  end(): void;
}

/** A real cluster, and everything an agent needs to operate on it. */
export interface Operating extends AsyncDisposable {
  readonly cluster: RealCluster;
  readonly keys: JournalKeys;
  readonly effects: Effects & Reads;
  /** Ids in the order of the cluster's members. */
  readonly ids: readonly string[];
  client(index?: number): MemberClient;
  observe(): Promise<ClusterState>;
  /** Changes what `observe` gives. */
  see(change: (state: ClusterState) => ClusterState): void;
  term(options?: { readonly epoch?: bigint; readonly holder?: string }): Promise<TestTerm>;
  slot(term: Term, over: Partial<Slot> & { readonly operation: OperationName }): Promise<SlotJournal>;
  run(over: Runnable): Promise<HistoryEntry | undefined>;
  /** Id of the raft leader. */
  leader(): Promise<string>;
  name(id: string): string;
}

export interface Runnable extends Partial<Pick<RunOptions, 'localPause' | 'onStep'>> {
  readonly term: Term;
  readonly journal: JournalPort;
  readonly effects?: Partial<Effects & Reads>;
  readonly timing?: Partial<OperateTiming>;
  readonly withoutSpare?: boolean;
  readonly signal?: AbortSignal;
}

/** Starts one; whoever starts it disposes of it. @param endpointOf where a member is talked to, when not directly */
export async function operating(
  options: ClusterOptions = {},
  endpointOf: (endpoint: string, index: number) => Promise<string> = async (endpoint) => endpoint,
): Promise<Operating> {
  const cluster = await startCluster({ ...options, extraArgs: [...calm, ...(options.extraArgs ?? [])] });
  const keys = journalKeys(`/${randomUUID()}/`);
  const endpoints = await Promise.all(cluster.endpoints.map(endpointOf));
  const clients = endpoints.map((endpoint, index) => new MemberClient({ member: `m${index + 1}`, endpoint }));
  const client = (index = 0): MemberClient => {
    const found = clients[index];
    if (found === undefined) throw new Error(`there is no member ${index}`);
    return found;
  };
  const ids = await Promise.all(clients.map(async (one) => (await one.status()).header.memberId));
  const metricsUrl = (index: number): string => new URL('/metrics', endpoints[index]).href;
  const effects = etcdEffects({
    own: client(),
    clientOf: (id) => client(ids.indexOf(id)),
    keys,
    statusOf: memberStatusOf,
    metricsPage: (id, families, signal) =>
      fetchMetricsPage({ member: id, url: metricsUrl(ids.indexOf(id)), families, signal, timeoutMs: 2000 }),
    readTimeoutMs: 2000,
  });
  let change = (state: ClusterState): ClusterState => state;
  const observe = async (): Promise<ClusterState> => change(await look({ cluster, clients, metricsUrl, options }));
  return {
    cluster,
    keys,
    effects,
    ids,
    client,
    observe,
    see: (next) => {
      change = next;
    },
    term: ({ epoch = 1n, holder = ids[0] ?? '' } = {}) => termOn(client(), keys, epoch, holder),
    slot: async (term, over) => {
      const slot = aSlot({ epoch: term.epoch, holder: term.holder, ...over });
      return new SlotJournal(
        { client: client(), keys, term, history: () => [] },
        await takeSlot(client(), keys, term, slot),
      );
    },
    run: async ({ term, journal, effects: changed = {}, timing, withoutSpare = false, signal, ...more }) => {
      const operations = allOperations({
        effects: { ...effects, ...changed },
        timing: { ...fast, ...timing },
        withoutSpare,
      });
      const operation = Object.values(operations).find(({ name }) => name === journal.slot.operation);
      if (operation === undefined) throw new Error(`there is no operation ${journal.slot.operation}`);
      return runOperation(
        { term, journal, operation, observe, localPause: async () => undefined, log: () => undefined, ...more },
        signal ?? new AbortController().signal,
      );
    },
    leader: async () => (await client().status()).leaderId,
    name: (id) => `m${ids.indexOf(id) + 1}`,
    [Symbol.asyncDispose]: async () => {
      for (const one of clients) one.close();
      await cluster.close();
    },
  };
}

async function termOn(client: MemberClient, keys: JournalKeys, epoch: bigint, holder: string): Promise<TestTerm> {
  const value = Buffer.from(JSON.stringify({ format: 1, holder, token: randomUUID() }));
  await client.txn({ compare: [], changes: [{ delete: keys.leader }] });
  const { revision } = await client.txn({ compare: [], changes: [{ put: keys.leader, value }] });
  return termWith([{ key: keys.leader, createRevision: revision }], epoch, holder);
}

/** A term that is held until it is ended. */
export function termWith(guard: Term['guard'], epoch: bigint, holder: string): TestTerm {
  const lost = new AbortController();
  const term = { epoch, holder, held: true, lost: lost.signal, guard, end: () => undefined };
  const end = (): void => {
    term.held = false;
    lost.abort(new Error('the test ended the term'));
  };
  return Object.assign(term, { end });
}

interface Looked {
  readonly cluster: RealCluster;
  readonly clients: readonly MemberClient[];
  readonly metricsUrl: (index: number) => string;
  readonly options: ClusterOptions;
}

/** What agents would put together. */
async function look({ cluster, clients, metricsUrl, options }: Looked): Promise<ClusterState> {
  const replies = await Promise.all(
    clients.map(async (client) => {
      try {
        return { endpoint: client.endpoint, status: memberStatusOf(await client.status(AbortSignal.timeout(2000))) };
      } catch (error) {
        return { endpoint: client.endpoint, fault: { code: 'ETCD_UNREACHABLE', message: String(error) } };
      }
    }),
  );
  const answering = clients.find((_, index) => replies[index]?.status !== undefined);
  if (answering === undefined) throw new Error('no member answers');
  const [list, alarms] = await Promise.all([answering.memberList(), answering.alarms()]);
  // Behind a proxy a member advertises another URL than the one that was asked.
  const listed = list.members.map((member) => {
    const index = Number(member.name.slice(1)) - 1;
    return { ...member, clientUrls: [clients[index]?.endpoint ?? ''] };
  });
  const { clusterId } = list.header;
  const section = assembleCluster({ clusterId, linearizable: list.linearizable, listed, replies, alarms });
  const members = await Promise.all(
    section.members.map(async (member): Promise<MemberState> => {
      const index = Number(member.name.slice(1)) - 1;
      const { status } = member;
      const page = await fetchMetricsPage({
        member: member.name,
        url: metricsUrl(index),
        families: ['etcd_debugging_mvcc_compact_revision'],
        timeoutMs: 2000,
      }).catch(() => undefined);
      const compacted = page?.samples.get('etcd_debugging_mvcc_compact_revision')?.[0]?.value;
      const disk = await statfs(cluster.folder);
      return {
        ...{ id: member.id, name: member.name, clientUrls: member.clientUrls, peerUrls: member.peerUrls },
        ...{ isLearner: member.isLearner, isLeader: member.id === section.leaderId },
        ...{ reachable: member.reachable, healthy: member.healthy },
        ...(member.raftIndexLagEntries === undefined ? {} : { lagEntries: member.raftIndexLagEntries }),
        ...(status === undefined
          ? {}
          : {
              version: status.version,
              revision: status.revision,
              dbSizeBytes: status.dbSizeBytes,
              dbSizeInUseBytes: status.dbSizeInUseBytes,
            }),
        quotaBytes: options.quotaBytes ?? 2 * 2 ** 30,
        agent: agentOf(member.id, member.name),
        observed: {
          ageSeconds: 0,
          dataAvailableBytes: disk.bavail * disk.bsize,
          ...(compacted === undefined ? {} : { compactRevision: BigInt(compacted) }),
        },
      };
    }),
  );
  const revision = members.reduce((most, { revision: seen = 0n }) => (seen > most ? seen : most), 0n);
  return {
    ...{ nowMs: Date.now(), monotonicMs: performance.now(), clusterId, linearizable: section.linearizable, members },
    ...{ voters: section.voters, learners: section.learners, votersReachable: section.votersReachable },
    ...{ quorumSize: section.quorumSize, raftTerm: section.raftTerm, termStableSeconds: 60, membersStableSeconds: 60 },
    ...(section.leaderId === undefined ? {} : { leaderId: section.leaderId }),
    ...{ revision, alarms: section.alarms, alarmsUnknown: false, revisions: [], foreign: [] },
    ...{ kubernetesCompacts: false, largestPrefixes: [], history: [], requests: [], readySeconds: 60 },
    ...{ resumedRevision: 0n, unreadable: [] },
  };
}

function agentOf(memberId: string, member: string): AgentRecord {
  const same = { instance: 'i', version: '0', operations: {}, role: 'default' as const, startedAtMs: 0 };
  return { memberId, member, ...same };
}

/** Writes keys of 32 KiB that then go, so that their pages are free; keeps `kept/…`. */
export async function fragment(client: MemberClient, keys = 200): Promise<void> {
  const value = Buffer.alloc(32 * 1024, 'x');
  for (let index = 0; index < keys; index += 1) await client.put(Buffer.from(`gone/${index}`), value);
  for (let index = 0; index < 20; index += 1) await client.put(Buffer.from(`kept/${index}`), Buffer.from(`v${index}`));
  const { header } = await client.deleteRange(Buffer.from('gone/'), Buffer.from('gone0'));
  const { kv } = await client.etcd3();
  await kv.compact({ revision: String(header.revision), physical: true });
}

/** How many of the keys that `fragment` keeps are there. */
export async function keptKeys(client: MemberClient): Promise<number> {
  const page = await client.range({ key: Buffer.from('kept/'), rangeEnd: Buffer.from('kept0') });
  return page.kvs.filter(({ key, value }) => `kept/${value.toString().slice(1)}` === key.toString()).length;
}
