import type { MemberClient } from '../etcd/member-client.ts';
import type { KeyValue } from '../etcd/types.ts';
import type { JournalKeys } from './keys.ts';

/** The first part of every key that agents and commands of this version write below their prefix. */
const KINDS = [
  'agents',
  'leader',
  'epoch',
  'slot',
  'pause',
  'resumed',
  'resume',
  'places',
  'timeline',
  'armed',
  'canary',
  'history',
  'requests',
  'reports',
  'spare',
  'doctor',
] as const;

/** Keys of one page of a listing. */
const PAGE_KEYS = 1000;
/** Agents of the largest cluster write fewer; more can only be somebody else's. */
const MOST_OWN_KEYS = 10_000;
/** So many foreign keys are named. */
const NAMED_KEYS = 5;

/** What is in etcd below the agents' prefix. */
export interface OwnKeys {
  readonly prefix: string;
  readonly total: number;
  /** How many keys there are of each kind, without the kinds that have none. */
  readonly kinds: Readonly<Record<string, number>>;
  /** Keys that no agent of this version writes; some of them by name. */
  readonly foreign: { readonly count: number; readonly some: readonly string[] };
  /** Members whose agents are registered, by name. */
  readonly agents: readonly string[];
  /** The operation under way, by name; `unreadable` where the slot cannot be read. */
  readonly operation?: string;
}

/** Counts the agents' keys, through a quorum. Throws `EtcdError`. */
export async function findOwnKeys(client: MemberClient, keys: JournalKeys, signal?: AbortSignal): Promise<OwnKeys> {
  const first = keys.agent('');
  const [listing, agents, slot] = await Promise.all([
    list(client, keys, signal),
    // A slash ends what comes before, and a zero is the next character.
    client.range({ key: first, rangeEnd: Buffer.from(`${keys.prefix}agents0`) }, signal),
    client.range({ key: keys.slot }, signal),
  ]);
  const [operation] = slot.kvs.map((kv) => textAt(kv, 'operation') ?? 'unreadable');
  return {
    prefix: keys.prefix,
    ...listing,
    agents: agents.kvs.map((kv) => textAt(kv, 'member') ?? kv.key.subarray(first.length).toString()),
    ...(operation === undefined ? {} : { operation }),
  };
}

async function list(client: MemberClient, { prefix, all }: JournalKeys, signal: AbortSignal | undefined) {
  const { rangeEnd } = all;
  const kinds = new Map<string, number>();
  const foreign: string[] = [];
  let seen = 0;
  let rest = 0;
  for (let { key } = all, more = true; more; ) {
    const page = await client.range({ key, rangeEnd, limit: PAGE_KEYS, keysOnly: true }, signal);
    for (const kv of page.kvs) {
      const name = kv.key.toString();
      const kind = KINDS.find((one) => name === prefix + one || name.startsWith(`${prefix}${one}/`));
      if (kind === undefined) foreign.push(name);
      else kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    }
    seen += page.kvs.length;
    rest = page.count - page.kvs.length;
    key = Buffer.concat([page.kvs.at(-1)?.key ?? rangeEnd, Buffer.of(0)]);
    more = page.more && seen < MOST_OWN_KEYS;
  }
  return {
    total: seen + rest,
    kinds: Object.fromEntries(kinds),
    foreign: { count: foreign.length + rest, some: foreign.slice(0, NAMED_KEYS) },
  };
}

/** A text in a value of any version, which may also be garbage. */
function textAt({ value }: KeyValue, name: string): string | undefined {
  try {
    const json: unknown = JSON.parse(value.toString());
    const found: unknown = typeof json === 'object' && json !== null ? Reflect.get(json, name) : undefined;
    return typeof found === 'string' && found !== '' ? found : undefined;
  } catch {
    return undefined;
  }
}
