import { setTimeout as sleep } from 'node:timers/promises';
import { within } from '../abort/linked-abort.ts';

/** One kind of key that the demo writes: `count` different keys, values of `valueBytes`, and how often it is deleted. */
interface Kind {
  readonly prefix: string;
  readonly count: number;
  readonly valueBytes: readonly [least: number, most: number];
  /** How often this kind is chosen, relative to the others. */
  readonly weight: number;
  /** Part of the choices that delete instead of writing. */
  readonly deleteRatio: number;
}

const kinds: readonly Kind[] = [
  { prefix: '/demo/orders/', count: 2_000, valueBytes: [200, 900], weight: 8, deleteRatio: 0.02 },
  { prefix: '/demo/sessions/', count: 500, valueBytes: [80, 200], weight: 6, deleteRatio: 0.25 },
  { prefix: '/demo/inventory/', count: 200, valueBytes: [60, 120], weight: 3, deleteRatio: 0 },
  { prefix: '/demo/reports/', count: 20, valueBytes: [4_000, 12_000], weight: 0.2, deleteRatio: 0.1 },
  { prefix: '/registry/leases/kube-node-lease/node-', count: 10, valueBytes: [300, 350], weight: 3, deleteRatio: 0 },
  { prefix: '/registry/pods/default/pod-', count: 300, valueBytes: [1_500, 3_000], weight: 1, deleteRatio: 0.1 },
  { prefix: '/registry/events/default/event-', count: 1_000, valueBytes: [500, 800], weight: 2, deleteRatio: 0.2 },
];

const writesPerSecond = 60;
const ticksPerSecond = 10;
const requestTimeoutMs = 2_000;
/** A member that did not answer is left alone for so long, so that the others get the writes. */
const restMs = 2_000;

const totalWeight = kinds.reduce((sum, { weight }) => sum + weight, 0);

/**
 * A light load of writes and deletes on a bounded number of keys, about 60 a second, so that there is something to see.
 * It goes through etcd's JSON gateway, member by member in turn, and gets by without the members that do not answer.
 */
export async function writeUntil(signal: AbortSignal, endpoints: readonly string[]): Promise<void> {
  const restingUntil = new Map<string, number>();
  const pending = new Set<Promise<void>>();
  let turn = 0;
  const next = (): string | undefined => {
    const now = performance.now();
    const awake = endpoints.filter((endpoint) => (restingUntil.get(endpoint) ?? 0) <= now);
    turn += 1;
    return awake[turn % Math.max(1, awake.length)];
  };
  while (!signal.aborted) {
    for (let count = 0; count < writesPerSecond / ticksPerSecond; count++) {
      const endpoint = next();
      // What waits is bounded: a cluster without quorum answers nothing until the time-out.
      if (endpoint === undefined || pending.size > writesPerSecond) {
        continue;
      }
      const write = writeOnce(endpoint, signal)
        .catch(() => {
          restingUntil.set(endpoint, performance.now() + restMs);
        })
        .finally(() => pending.delete(write));
      pending.add(write);
    }
    await sleep(1000 / ticksPerSecond, undefined, { signal }).catch(() => undefined);
  }
  await Promise.all(pending);
}

async function writeOnce(endpoint: string, signal: AbortSignal): Promise<void> {
  const kind = chooseKind();
  const key = base64(`${kind.prefix}${String(randomBelow(kind.count)).padStart(5, '0')}`);
  const isDelete = Math.random() < kind.deleteRatio;
  const [least, most] = kind.valueBytes;
  const body = isDelete ? { key } : { key, value: base64(value(least + randomBelow(most - least))) };
  await within([signal], requestTimeoutMs, async (until) => {
    const answer = await fetch(`${endpoint}/v3/kv/${isDelete ? 'deleterange' : 'put'}`, {
      method: 'POST',
      body: JSON.stringify(body),
      signal: until,
    });
    await answer.arrayBuffer();
  });
}

function chooseKind(): Kind {
  let left = Math.random() * totalWeight;
  const chosen = kinds.find(({ weight }) => {
    left -= weight;
    return left < 0;
  });
  return chosen ?? (kinds[0] as Kind);
}

/** Text of a length that compresses about as well as real objects do. */
function value(bytes: number): string {
  const head = `{"id":"${crypto.randomUUID()}","at":"${new Date().toISOString()}","note":"`;
  return `${head}${crypto.randomUUID().repeat(Math.ceil(bytes / 36))}`.slice(0, Math.max(bytes - 2, 1)).concat('"}');
}

function randomBelow(count: number): number {
  return Math.floor(Math.random() * count);
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
