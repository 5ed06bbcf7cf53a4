import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readCatalogue } from '../../../src/backup/chain/catalogue.ts';
import { type Chain, chainsOf } from '../../../src/backup/chain.ts';
import type { RestoreOutput } from '../../../src/backup/restore/output.ts';
import { restore } from '../../../src/backup/restore/restore.ts';
import type { RestoreTarget } from '../../../src/backup/restore/target.ts';
import type { Store } from '../../../src/backup/store/store.ts';
import { faultOf } from '../../../src/cluster/agent-error.ts';
import type { MemberClient } from '../../../src/etcd/member-client.ts';
import { keyspaceAt } from '../../backup/restore/observed-history.ts';
import { startRestored } from '../../backup/restore/restored-member.ts';
import type { Ground } from './ground.ts';
import type { WatchedKeyspace } from './watched-keyspace.ts';

const never = new AbortController().signal;
/** What the agents and the observer see at different moments, on a busy machine. */
const CLOCKS_MS = 3000;

/** What a store has to be able to give back, and what was really there. */
export interface Points {
  readonly ground: Ground;
  /** The place of the timeline. */
  readonly store: Store;
  readonly keyspace: WatchedKeyspace;
  /** Seconds for which leases were granted, as far as whoever asked for them heard. */
  readonly ttls: ReadonlyMap<bigint, number>;
  readonly random: (below: number) => number;
}

/** One point to restore to, and what must come of it. */
interface Point {
  readonly name: string;
  readonly target: RestoreTarget;
  /** Says what is wrong with the revision that came back. */
  readonly wrong: (revision: bigint) => string | undefined;
}

/** What came of restoring to all points. */
export interface RestoredPoints {
  readonly restores: number;
  /** Made again from segments, over all of them. */
  readonly replayed: number;
  /** Each is a difference from what was seen. */
  readonly problems: readonly string[];
}

/**
 * Restores to points of every kind, and says what is different from what was seen.
 * @param count of those at random revisions
 */
export async function restoredPoints(points: Points, count: number): Promise<RestoredPoints> {
  const chosen = await choosePoints(points, count);
  const problems: string[] = [];
  let replayed = 0;
  for (const point of chosen) {
    const wrong = await restored(points, point, (revisions) => {
      replayed += revisions;
    }).catch((error: unknown) => [`${faultOf(error).code}: ${String(error)}`]);
    problems.push(...wrong.map((text) => `${point.name}: ${text}`));
  }
  return { restores: chosen.length, replayed, problems };
}

async function choosePoints({ store, keyspace, random }: Points, count: number): Promise<readonly Point[]> {
  const chains = chainsOf(await readCatalogue(store));
  const [newest] = chains;
  if (newest === undefined) return [];
  const chainOf = (): Chain => chains[random(chains.length)] ?? newest;
  const exactly =
    (wanted: bigint) =>
    (revision: bigint): string | undefined =>
      revision === wanted ? undefined : `it came to revision ${revision}, not ${wanted}`;
  const anywhere = Array.from({ length: count }, (): Point => {
    const { full, lastRevision } = chainOf();
    const { revision } = full.name;
    const at = revision + BigInt(random(Number(lastRevision - revision) + 1));
    return { name: `revision ${at}`, target: { kind: 'revision', revision: at }, wrong: exactly(at) };
  });
  // With the most to replay.
  const { lastRevision: far = newest.lastRevision } = chains.at(-1) ?? {};
  const farthest: Point = {
    name: `the end of the oldest chain, ${far}`,
    target: { kind: 'revision', revision: far },
    wrong: exactly(far),
  };
  const latest: Point = { name: 'latest', target: { kind: 'latest' }, wrong: exactly(newest.lastRevision) };
  return [
    ...anywhere,
    farthest,
    latest,
    ...timePoint(chainOf(), keyspace, random),
    ...deletion(newest, keyspace, random),
  ];
}

function timePoint({ full, lastRevision }: Chain, keyspace: WatchedKeyspace, random: Points['random']): Point[] {
  const [fromMs, toMs] = [keyspace.seenAtMs(full.name.revision) + 15_000, keyspace.seenAtMs(lastRevision)];
  if (fromMs >= toMs) return [];
  const atMs = fromMs + random(toMs - fromMs);
  const wrong = (revision: bigint): string | undefined => {
    const seen = keyspace.seenBy(atMs + CLOCKS_MS);
    return revision <= seen ? undefined : `revision ${revision} was not there yet: ${seen} was the newest`;
  };
  return [{ name: `time ${new Date(atMs).toISOString()}`, target: { kind: 'time', atMs }, wrong }];
}

function deletion({ full, lastRevision }: Chain, keyspace: WatchedKeyspace, random: Points['random']): Point[] {
  const deletions = [...keyspace.deletionsUpTo(lastRevision)].filter(([, at]) => at > full.name.revision);
  const [key, at] = deletions[random(deletions.length)] ?? [];
  if (key === undefined || at === undefined) return [];
  const wrong = (revision: bigint): string | undefined =>
    revision === at - 1n ? undefined : `it came to revision ${revision}, and ${at} deleted the key`;
  return [
    { name: `before ${key} was deleted`, target: { kind: 'before-delete', key: Buffer.from(key, 'latin1') }, wrong },
  ];
}

async function restored(
  points: Points,
  { target, wrong }: Point,
  replayed: (revisions: number) => void,
): Promise<readonly string[]> {
  const { ground, store, keyspace } = points;
  const { etcd, etcdutl = '', etcdctl } = ground.cluster.binaries;
  const folder = await mkdtemp(join(ground.folder, 'restored-'));
  const dataDir = join(folder, 'data');
  try {
    const result = await restore(
      {
        ...{ store, target, output: oneMember(dataDir), binaries: { etcd, restorer: etcdutl || etcdctl } },
        ...(ground.decryption === undefined ? {} : { decryption: ground.decryption }),
      },
      never,
    );
    const lost = result.lost === undefined ? [] : [`it lost ${result.lost.from} to ${result.lost.to}`];
    const { revision } = result;
    replayed(result.replayed?.revisions ?? 0);
    const other = wrong(revision);
    await using member = await startRestored(etcd, dataDir, ground.auth);
    const there = await keyspaceAt(member.client, revision);
    const different = difference(there, keyspace.at(revision));
    const leases = await leasesWrong(points, member.client, revision);
    const { header } = await member.client.range({ key: Buffer.from('x') });
    // Leases whose agents and writers are not there expire one after the other, each in a revision of its own.
    const expired = BigInt(keyspace.leasesAt(revision).size);
    const more = header.revision > revision + expired ? [`it is at ${header.revision} already, not ${revision}`] : [];
    return [...lost, ...(other === undefined ? [] : [other]), ...different, ...leases, ...more];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function oneMember(dataDir: string): RestoreOutput {
  const peerUrl = 'http://localhost:2380';
  const identity = {
    ...{ name: 'default', initialCluster: `default=${peerUrl}` },
    ...{ initialClusterToken: 'again', initialAdvertisePeerUrls: peerUrl },
  };
  return { kind: 'data-dirs', dirs: [{ dataDir, identity }] };
}

/** The first few lines that are in one only. */
function difference(there: readonly string[], wanted: readonly string[]): readonly string[] {
  const [has, should] = [new Set(there), new Set(wanted)];
  const more = there.filter((line) => !should.has(line)).map((line) => `has ${line}`);
  const less = wanted.filter((line) => !has.has(line)).map((line) => `lacks ${line}`);
  return [...more.slice(0, 3), ...less.slice(0, 3)];
}

/** Those that last are there, with the time for which they were granted and some of it left. */
async function leasesWrong(
  { keyspace, ttls }: Points,
  client: MemberClient,
  revision: bigint,
): Promise<readonly string[]> {
  const atEnd = keyspace.leasesAt(keyspace.lastRevision);
  const wrong: string[] = [];
  for (const id of keyspace.leasesAt(revision)) {
    const granted = ttls.get(id) ?? 0;
    // Of one that was gone before an agent could ask nobody knows how long it was for.
    if (granted < 60 || !atEnd.has(id)) continue;
    const { grantedTtlSeconds, ttlSeconds } = await client.leaseTimes(id);
    if (grantedTtlSeconds === granted && ttlSeconds > 0) continue;
    wrong.push(`lease ${id} was for ${granted} s, and is for ${grantedTtlSeconds} s with ${ttlSeconds} s left`);
  }
  return wrong;
}
