import { AgentError } from '../cluster/agent-error.ts';
import type { MemberClient } from '../etcd/member-client.ts';
import type { KeyValue } from '../etcd/types.ts';
import { type JournalKeys, journalKeys } from './keys.ts';

/** The first part of every key that agents and commands of this version write below their prefix. */
const KINDS = [
  'agents',
  'leader',
  'epoch',
  'slot',
  'pause',
  'resumed',
  'armed',
  'canary',
  'history',
  'requests',
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

/** Counts the agents' keys, through a quorum. Throws `EtcdError`. @param prefix begins and ends with a slash */
export async function findOwnKeys(client: MemberClient, prefix: string, signal?: AbortSignal): Promise<OwnKeys> {
  const keys = journalKeys(prefix);
  const [listing, agents, slot] = await Promise.all([
    list(client, keys, signal),
    client.range({ key: keys.agent(''), rangeEnd: endOf(keys.agent('')) }, signal),
    client.range({ key: keys.slot }, signal),
  ]);
  const [operation] = slot.kvs.map((kv) => textAt(kv, 'operation') ?? 'unreadable');
  return {
    prefix,
    ...listing,
    agents: agents.kvs.map((kv) => textAt(kv, 'member') ?? kv.key.subarray(keys.agent('').length).toString()),
    ...(operation === undefined ? {} : { operation }),
  };
}

/** Why the keys should stay for now, one sentence each; none: they may go. */
export function reasonsToKeep({ agents, operation, foreign, prefix }: OwnKeys): readonly string[] {
  const registered = `${agents.length} ${agents.length === 1 ? 'agent is' : 'agents are'} registered (${agents.join(', ')}): they would write their keys again. An agent that was killed stays registered until its lease ends, lead.ttl later.`;
  return [
    ...(agents.length === 0 ? [] : [registered]),
    ...(operation === undefined ? [] : [`The operation ${operation} is under way: its journal would be lost.`]),
    ...(foreign.count === 0
      ? []
      : [`${foreign.count} keys below ${prefix} are not of this version: ${foreign.some.join(', ')}.`]),
  ];
}

/**
 * Deletes every key below the prefix, in one transaction, which passes under NOSPACE too. Unless forced, it is etcd that
 * refuses it where a leader or an operation has come up since they were looked for.
 * @throws AgentError `UNINSTALL_REFUSED`, and `EtcdError`
 */
export async function removeOwnKeys(
  client: MemberClient,
  prefix: string,
  options: { readonly force: boolean; readonly signal?: AbortSignal },
): Promise<void> {
  const { leader, slot } = journalKeys(prefix);
  const key = Buffer.from(prefix);
  const idle = [leader, slot].map((guarded) => ({ key: guarded, version: 0n }));
  const { succeeded } = await client.txn(
    { compare: options.force ? [] : idle, changes: [{ delete: key, rangeEnd: endOf(key) }] },
    options.signal,
  );
  if (!succeeded) {
    throw new AgentError(
      'UNINSTALL_REFUSED',
      `Nothing was removed below ${prefix}: an agent has begun to lead meanwhile.`,
      {
        remedy: 'Stop all agents first.',
      },
    );
  }
}

async function list(client: MemberClient, { prefix }: JournalKeys, signal: AbortSignal | undefined) {
  const rangeEnd = endOf(Buffer.from(prefix));
  const kinds = new Map<string, number>();
  const foreign: string[] = [];
  let seen = 0;
  let rest = 0;
  for (let key = Buffer.from(prefix), more = true; more; ) {
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

/** A text in a JSON value that may be anything. */
function textAt({ value }: KeyValue, name: string): string | undefined {
  try {
    const json: unknown = JSON.parse(value.toString());
    const found: unknown = typeof json === 'object' && json !== null ? Reflect.get(json, name) : undefined;
    return typeof found === 'string' && found !== '' ? found : undefined;
  } catch {
    return undefined;
  }
}

/** The end of the range of all keys that begin so: its last byte, a slash, is raised by one. */
function endOf(prefix: Buffer): Buffer {
  return Buffer.concat([prefix.subarray(0, -1), Buffer.of((prefix.at(-1) ?? 0) + 1)]);
}
