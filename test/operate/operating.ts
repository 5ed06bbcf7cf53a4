import { randomUUID } from 'node:crypto';
import type { HistoryEntry, OperationName, Slot } from '../../src/cluster/caretaking.ts';
import type { ClusterState } from '../../src/cluster/state.ts';
import { MemberClient } from '../../src/etcd/member-client.ts';
import { fetchMetricsPage } from '../../src/etcd/metrics-page.ts';
import { type JournalKeys, journalKeys } from '../../src/journal/keys.ts';
import { takeSlot } from '../../src/journal/slot.ts';
import type { Term } from '../../src/journal/term.ts';
import { memberStatusOf } from '../../src/observe/member-status.ts';
import type { AskedAgents, SnapshotTaker } from '../../src/operate/backup-ports.ts';
import type { Effects, Reads } from '../../src/operate/effects.ts';
import { etcdEffects } from '../../src/operate/etcd-effects.ts';
import type { JournalPort } from '../../src/operate/journal-port.ts';
import { allOperations } from '../../src/operate/list.ts';
import type { PodSetPort } from '../../src/operate/pod-set-port.ts';
import { type RunOptions, runOperation } from '../../src/operate/runner.ts';
import { SlotJournal } from '../../src/operate/slot-journal.ts';
import type { OperateTiming } from '../../src/operate/timing.ts';
import { aSlot } from '../journal/journal-on-etcd.ts';
import { type ClusterOptions, type RealCluster, startCluster } from '../real/cluster.ts';
import { look } from './observed-cluster.ts';

/** Elections must not come from a machine that is slow for a moment: they end a sweep, and rightly so. */
const calm = ['--heartbeat-interval', '300', '--election-timeout', '6000'];

const fast: OperateTiming = {
  settleMs: 300,
  settleWithinMs: 60_000,
  pollMs: 50,
  silenceMs: 300,
  moveWithinMs: 10_000,
  downAfterMs: 60_000,
  silentAfterMs: 120_000,
  agentBackMs: 1000,
  batchMs: 200,
  compactStepMs: 1000,
  reraiseMs: 500,
  hashPauseMs: 50,
  podServesWithinMs: 60_000,
  learnerStallMs: 60_000,
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
  /** Effects that find the member with the first id where they look for the other. */
  mistaking(id: string, forId: string): Effects & Reads;
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
  readonly agents?: AskedAgents;
  readonly backups?: SnapshotTaker;
  /** The StatefulSet of the agents' pods. */
  readonly pods?: PodSetPort;
  readonly signal?: AbortSignal;
}

/** Starts one; whoever starts it disposes of it. @param endpointOf where a member is talked to, when not directly */
export async function operating(
  options: ClusterOptions = {},
  endpointOf: (endpoint: string, index: number) => Promise<string> = async (endpoint) => endpoint,
): Promise<Operating> {
  const cluster = await startCluster({ ...options, extraArgs: [...calm, ...(options.extraArgs ?? [])] });
  const keys = journalKeys(`/${randomUUID()}/`);
  const planned = [...cluster.members, ...cluster.spares];
  const endpoints = await Promise.all(planned.map(({ endpoint }, index) => endpointOf(endpoint, index)));
  const clients = endpoints.map((endpoint, index) => new MemberClient({ member: `m${index + 1}`, endpoint }));
  const client = (index = 0): MemberClient => {
    const found = clients[index];
    if (found === undefined) throw new Error(`there is no member ${index}`);
    return found;
  };
  const started = clients.slice(0, cluster.members.length);
  const ids = await Promise.all(started.map(async (one) => (await one.status()).header.memberId));
  /** Also of those that have joined since, once they were seen in the list. */
  const places = new Map(ids.map((id, index) => [id, index]));
  const metricsUrl = (index: number): string => new URL('/metrics', endpoints[index]).href;
  const effectsWith = (clientOf: (id: string) => MemberClient): Effects & Reads =>
    etcdEffects({
      own: client(),
      clientOf,
      keys,
      statusOf: memberStatusOf,
      metricsPage: (id, families, signal) =>
        fetchMetricsPage({ member: id, url: metricsUrl(places.get(id) ?? -1), families, signal, timeoutMs: 2000 }),
      readTimeoutMs: 2000,
    });
  const effects = effectsWith((id) => client(places.get(id) ?? -1));
  let change = (state: ClusterState): ClusterState => state;
  const observe = async (): Promise<ClusterState> => {
    const seen = await look({ cluster, clients, metricsUrl, options });
    for (const { id, name } of seen.members) if (name !== id) places.set(id, Number(name.slice(1)) - 1);
    return change(seen);
  };
  return {
    cluster,
    keys,
    effects,
    mistaking: (id, forId) => effectsWith((wanted) => client(places.get(wanted === forId ? id : wanted) ?? -1)),
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
    run: async ({
      term,
      journal,
      effects: changed = {},
      timing,
      withoutSpare = false,
      signal,
      agents,
      backups,
      pods,
      ...more
    }) => {
      const operations = allOperations({
        effects: { ...effects, ...changed },
        timing: { ...fast, ...timing },
        withoutSpare,
        restartWithoutSpare: withoutSpare,
        backups: backups ?? { takeSnapshot: () => Promise.reject(new Error('nothing is backed up here')) },
        ...(pods === undefined ? {} : { pods }),
        agents: agents ?? { reportOf: () => Promise.reject(new Error('there are no agents here')) },
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
