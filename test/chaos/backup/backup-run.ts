import { setTimeout as sleep } from 'node:timers/promises';
import { faultOf } from '../../../src/cluster/agent-error.ts';
import { RandomLife, seeded } from '../../backup/restore/random-life.ts';
import { type Ground, startGround } from './ground.ts';
import { restoredPoints } from './restored-points.ts';
import { type Setting, settingOf } from './setting.ts';
import { makePeace, makeTrouble, type Troubles } from './troubles.ts';
import { placesIn, storedUpTo, unexplained } from './verdict.ts';
import { WatchedKeyspace } from './watched-keyspace.ts';

/** Far from each other, and from what etcd chooses itself. */
const LEASES_APART = 1_000_000n;
/** Between two steps of one life: enough is written, and the machine has time for the rest. */
const STEP_PAUSE_MS = 15;

export interface BackupRunOptions {
  readonly seed: number;
  /** How long there is trouble. */
  readonly forMs: number;
  /** Restores to random revisions of each store, beside those to other kinds of points. */
  readonly restores: number;
  /** How long everything may take to be stored after peace has come; it is waited for in full only where something is wrong. */
  readonly patienceMs: number;
}

export interface BackupRunResult {
  readonly setting: Setting;
  readonly troubles: Troubles;
  readonly restores: number;
  /** Revisions that were made again from segments, over all restores. */
  readonly replayed: number;
  readonly revisions: bigint;
  readonly seconds: number;
  /** Each is one too many. */
  readonly problems: readonly string[];
  /** Where everything lies, where there are problems. */
  readonly folder?: string;
}

/** What is known of a run so far. */
interface Said {
  troubles: Troubles;
  restores: number;
  replayed: number;
  problems: readonly string[];
}

/**
 * Lets a cluster live and suffer with its backups, then restores them to points of every kind and compares what comes back
 * with what an independent observer has seen.
 */
export async function backupRun(options: BackupRunOptions): Promise<BackupRunResult> {
  const beganMs = performance.now();
  const setting = settingOf(options.seed);
  await using ground = await startGround(setting);
  await using keyspace = new WatchedKeyspace(ground.clients);
  const said: Said = { troubles: new Map(), restores: 0, replayed: 0, problems: [] };
  try {
    said.problems = await livedThrough(ground, keyspace, options, said);
  } catch (error) {
    said.problems = [`${faultOf(error).code}: ${String(error)}`];
  }
  if (said.problems.length > 0) ground.keep();
  return {
    ...{ setting, revisions: keyspace.lastRevision, ...said },
    seconds: (performance.now() - beganMs) / 1000,
    ...(said.problems.length > 0 ? { folder: ground.folder } : {}),
  };
}

async function livedThrough(
  ground: Ground,
  keyspace: WatchedKeyspace,
  { seed, forMs, restores, patienceMs }: BackupRunOptions,
  said: Said,
): Promise<readonly string[]> {
  const lives = ground.clients.map(
    (client, index) =>
      new RandomLife(client, seeded(seed * 10 + index), {
        compactions: ground.setting.compactions,
        firstLease: LEASES_APART * BigInt(index + 1),
        // What the observer has not seen must not go.
        compactUpTo: () => keyspace.lastRevision,
      }),
  );
  await Promise.all(ground.agents.map((agent) => agent.start()));
  // A whole chain is there from the beginning, so that there is much to replay.
  await storedUpTo(ground, await lastWrite(ground), patienceMs);
  const ending = new AbortController();
  const living = lives.map((life) => live(life, ending.signal));
  const timer = setTimeout(() => ending.abort(), forMs);
  try {
    said.troubles = await makeTrouble(ground, seeded(seed), ending.signal);
  } finally {
    clearTimeout(timer);
    ending.abort();
    await Promise.all(living);
  }
  await makePeace(ground);
  const last = await lastWrite(ground);
  await keyspace.until(last);
  await storedUpTo(ground, last, patienceMs);
  // From here on nothing changes any more.
  await Promise.all(ground.agents.map((agent) => agent.kill()));
  const timelines = await storedUpTo(ground, last, patienceMs);
  await keyspace.until(await lastWrite(ground));

  const problems: string[] = [];
  for (const store of ground.stores) {
    const places = await placesIn(store);
    if (places.length !== 1) problems.push(`${store.url} has ${places.length} timelines`);
  }
  const ttls = new Map(lives.flatMap((life) => [...life.ttls]));
  for (const store of timelines) {
    problems.push(...(await unexplained(ground, store)));
    const points = { ground, store, keyspace, ttls, random: seeded(seed + 7) };
    const came = await restoredPoints(points, restores);
    said.restores += came.restores;
    said.replayed += came.replayed;
    problems.push(...came.problems.map((text) => `${store.kind} ${text}`));
  }
  return problems;
}

async function live(life: RandomLife, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    // A member that is away answers nothing; whether it did what it was asked is for the observer to see.
    await life.step().catch(() => sleep(100));
    await sleep(STEP_PAUSE_MS);
  }
}

/** Two, so that whoever watches knows that the first is whole. */
async function lastWrite({ clients }: Ground): Promise<bigint> {
  const [client] = clients;
  if (client === undefined) throw new Error('a cluster without members');
  const { revision } = await client.put(Buffer.from('/end'), Buffer.from('1'));
  await client.put(Buffer.from('/end'), Buffer.from('2'));
  return revision;
}
