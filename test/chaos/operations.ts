import { randomUUID } from 'node:crypto';
import type { HistoryEntry, OperationName } from '../../src/cluster/caretaking.ts';
import { EtcdError } from '../../src/etcd/errors.ts';
import { compact } from '../../src/etcd/maintenance-calls.ts';
import { resume } from '../../src/journal/pause.ts';
import { putRequest } from '../../src/journal/requests.ts';
import { TOKEN } from './chaos-agent.ts';
import type { ChaosCluster } from './chaos-cluster.ts';
import { until } from './waiting.ts';

/** Those that change the cluster: every call of theirs is a point at which the agent may die. */
export const changingOperations = [
  'nospace',
  'compaction',
  'defrag',
  'move-leader',
  'hash-check',
] as const satisfies readonly OperationName[];

export type ChangingOperation = (typeof changingOperations)[number];

/** An operation that somebody has set off. */
export interface Provoked {
  /** What still has to happen before it is over; undefined where it is. */
  unfinished(): Promise<string | undefined>;
  /** How it ended, where that is written down. */
  entry(): HistoryEntry | undefined;
}

const FILL_KEYS = 20;
const FREED_KEYS = 64;
const FILL_VALUE_BYTES = 64 * 1024;

/** Before the call it waits for what the operation needs; then it only sets it off. */
export const provocations: Readonly<Record<ChangingOperation, (chaos: ChaosCluster) => Promise<Provoked>>> = {
  nospace: fillUp,
  compaction: (chaos) => request(chaos, 'compaction'),
  defrag: fragmented,
  'move-leader': (chaos) => request(chaos, 'move-leader'),
  'hash-check': (chaos) => request(chaos, 'hash-check'),
};

/** Waits until the leading agent would do it at once: elections and restarts are long enough ago. */
export async function untilReady(chaos: ChaosCluster, operation: OperationName): Promise<void> {
  // What recovers from NOSPACE asks as much of the members as a hash check does.
  const asked = operation === 'nospace' ? 'hash-check' : operation;
  await until(
    `${operation} is not begun`,
    async () => {
      const answer = await fetch(`${chaos.leader().url}/api/v1/operations`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
        body: JSON.stringify({ operation: asked, dryRun: true }),
        signal: AbortSignal.timeout(10_000),
      });
      const decided = (await answer.json()) as { readonly decision?: string };
      return decided.decision === 'act' ? undefined : JSON.stringify(decided);
    },
    { pauseMs: 500 },
  );
}

async function request(chaos: ChaosCluster, operation: OperationName): Promise<Provoked> {
  const id = randomUUID();
  await putRequest(chaos.client, chaos.keys, { id, operation, by: 'chaos', atMs: Date.now() });
  return entryBy(chaos, (entry) => entry.id === id);
}

function entryBy(chaos: ChaosCluster, matches: (entry: HistoryEntry) => boolean): Provoked {
  const entry = (): HistoryEntry | undefined => chaos.journal.history.find(matches);
  return {
    entry,
    unfinished: async () => (entry() === undefined ? 'the history has no end of it' : undefined),
  };
}

/** Of members that have much to give back, so that it can be told whether they were defragmented. */
async function fragmented(chaos: ChaosCluster): Promise<Provoked> {
  const { client } = chaos;
  const value = Buffer.alloc(FILL_VALUE_BYTES, 'x');
  for (let n = 0; n < FREED_KEYS; n += 1) await client.put(Buffer.from(`/chaos/freed/${n}`), value);
  const { header } = await client.deleteRange(Buffer.from('/chaos/freed/'), Buffer.from('/chaos/freed0'));
  await compact(client, header.revision);
  await until('nothing is freed', async () => {
    // Pages become free with a commit, and there is none without a write.
    await client.put(Buffer.from('/chaos/tick'), Buffer.from('x'));
    const statuses = await Promise.all(chaos.clients.map((each) => each.status()));
    const packed = statuses.filter(({ dbSizeBytes, dbSizeInUseBytes }) => dbSizeInUseBytes > dbSizeBytes / 2);
    return packed.length > 0 ? `${packed.length} members have nothing to give back` : undefined;
  });
  return request(chaos, 'defrag');
}

/** Overwrites a few keys until etcd refuses it: history fills the quota. */
async function fillUp(chaos: ChaosCluster): Promise<Provoked> {
  const { client, keys } = chaos;
  // Recoveries of earlier runs do not count against this one.
  const since = await resume(client, keys, 'chaos');
  const value = Buffer.alloc(FILL_VALUE_BYTES, 'x');
  await until('the quota is never full', async () => {
    for (let n = 0; n < FILL_KEYS; n += 1) {
      const refused = await client.put(Buffer.from(`/chaos/fill/${n}`), value).then(
        () => false,
        (error: unknown) => {
          if (error instanceof EtcdError && error.code === 'ETCD_NOSPACE') return true;
          throw error;
        },
      );
      if (refused) return undefined;
    }
    return 'it still takes writes';
  });
  const { entry } = entryBy(chaos, ({ operation, revision }) => operation === 'nospace' && revision > since);
  return {
    entry,
    unfinished: async () => {
      const alarms = await client.alarms();
      return alarms.length > 0 ? 'NOSPACE is still raised' : undefined;
    },
  };
}
