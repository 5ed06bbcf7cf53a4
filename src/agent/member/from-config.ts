import { execFile } from 'node:child_process';
import { readFile, statfs } from 'node:fs/promises';
import { promisify } from 'node:util';
import { within } from '../../abort/linked-abort.ts';
import type { Observation } from '../../cluster/observation.ts';
import type { Config } from '../../config/config.ts';
import { holdsData } from '../../datadir/holds-data.ts';
import { inspectDataDir } from '../../datadir/inspect.ts';
import { quarantine } from '../../datadir/quarantine.ts';
import { listQuarantine, releaseQuarantine } from '../../datadir/quarantine-list.ts';
import { bootDecision } from '../../decide/boot.ts';
import { findEtcd } from '../../distribution/find-binaries.ts';
import { MemberClient } from '../../etcd/member-client.ts';
import { readLocalPause } from '../../operate/local-pause.ts';
import type { Errand } from '../caretaker/errands.ts';
import type { Observer } from '../observer.ts';
import { peerAgents } from '../peer-agents.ts';
import { gatherEvidence } from './boot-evidence.ts';
import { memberErrands } from './errands.ts';
import { etcdVersions } from './etcd-versions.ts';
import { evidenceOf } from './evidence.ts';
import { existingParent } from './existing-parent.ts';
import { isServing } from './is-serving.ts';
import { MemberKeeper } from './keeper.ts';
import { learnt } from './learn.ts';
import { MemberMemory } from './memory.ts';
import { type MemberKeeperOptions, memberTiming } from './options.ts';
import { peersTold } from './peers-told.ts';
import { QuarantineClock } from './quarantine-clock.ts';
import type { SeatParts } from './seat.ts';
import { storedPlaces } from './stored-places.ts';
import { supervisorOf } from './supervisor-of.ts';

/** How long a read of etcd may take that a start waits for. */
const READ_TIMEOUT_MS = 1500;

/** All that an agent does for the process of its own member. Its owner disposes of it; the process goes on. */
export interface MemberCare extends AsyncDisposable {
  readonly keeper: MemberKeeper;
  /** Goes through the own member while that one serves, else through another. */
  readonly client: MemberClient;
  readonly errands: Readonly<Record<string, Errand>>;
  seat(): Pick<SeatParts, 'remembered' | 'peerUrls' | 'wantsToJoin'>;
  /** Takes in each observation: what is learnt of the cluster is remembered. */
  take(observation: Observation): void;
  start(): void;
}

/**
 * What looks after the member of an agent with this configuration; undefined where it is only watched. Throws `ETCD_MISSING`,
 * `MEMBER_MEMORY_UNREADABLE`.
 */
export async function memberCareOf(
  config: Config,
  observer: Pick<Observer, 'pool' | 'runner'>,
  events: MemberKeeperOptions['events'],
): Promise<MemberCare | undefined> {
  const supervisor = await supervisorOf(config);
  if (supervisor === undefined) return undefined;
  const { member, cluster, supervise, heal } = config;
  const { pool, runner } = observer;
  const memory = await MemberMemory.open(supervise.stateDir);
  const client = MemberClient.failingOver(
    pool.own,
    () => pool.others(),
    (sinceMs) => isServing(runner.observation, sinceMs),
  );
  const agents = peerAgents(config, observer);
  const fetchAgent = (url: string, path: string, signal: AbortSignal): Promise<unknown> =>
    agents.fetch(url, path, signal);
  const evidence = evidenceOf({
    client,
    keyPrefix: cluster.keyPrefix,
    peers: (signal) => peersTold(cluster.peers, member.name, fetchAgent, signal),
    places: (signal) => storedPlaces(config, signal),
    timeoutMs: READ_TIMEOUT_MS,
  });
  const places = { dataDir: member.dataDir, walDir: member.walDir };
  const versions = etcdVersions(config);
  const quarantineClock = await QuarantineClock.open(supervise.stateDir);
  const keeper = new MemberKeeper({
    name: member.name,
    ...(member.peerUrl === undefined ? {} : { peerUrl: member.peerUrl }),
    ...{ supervisor, memory, events },
    planned: cluster.peers.map(({ name, peerUrl }) => ({ name, peerUrl })),
    token: cluster.token,
    inspect: (depth, signal) => inspectDataDir(places, signal, { depth }),
    holdsData: (signal) => holdsData(places, signal),
    putAside: (reason, signal) => quarantine(places, reason, Date.now(), signal),
    quarantined: (signal) => listQuarantine(places, signal),
    releaseQuarantine: async (signal) => {
      const shortBytes = await shortOf(member.dataDir);
      const there = await listQuarantine(places, signal);
      await quarantineClock.look(
        there.map(({ path }) => path),
        performance.now(),
      );
      const released = await releaseQuarantine(
        places,
        {
          nowMs: Date.now(),
          keepMs: heal.quarantine.keepMs,
          seenMs: (path) => quarantineClock.seenMs(path),
          shortBytes,
        },
        signal,
      );
      for (const { path, reason, bytes } of released) events.log('quarantine released', { path, reason, bytes });
    },
    decide: async (parts, signal) => {
      const [peerUrl = ''] = peerUrlsOf(config, memory) ?? [];
      const remembered = memory.current;
      return bootDecision(await gatherEvidence({ ...parts, config, peerUrl, remembered, evidence }, signal));
    },
    startHeld: async () => {
      if (config.mode === 'plan') return { code: 'MODE_PLAN', message: 'mode is plan: it would be started now' };
      const paused = await readLocalPause(config.operate.pauseFile, Date.now());
      return paused === undefined ? undefined : { code: 'PAUSED_LOCALLY', message: `this agent is paused: ${paused}` };
    },
    list: async (signal) => {
      const { header, members, linearizable } = await client.memberList(signal);
      return { clusterId: header.clusterId, members, linearizable };
    },
    ownId: async (signal) =>
      (await within([signal], READ_TIMEOUT_MS, (until) => pool.own.status(until))).header.memberId,
    servedVersion: async (signal) =>
      (await within([signal], READ_TIMEOUT_MS, (until) => pool.own.status(until))).version,
    ...(versions === undefined ? {} : { versions }),
    flagsOf: async (pid) => (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').slice(1, -1),
    freeBytes: async () => {
      const { bavail, bsize } = await diskOf(member.dataDir);
      return bavail * bsize;
    },
    etcdVersion: (signal) => versionOf(config, signal),
    timing: memberTiming,
  });
  return {
    ...{ keeper, client },
    errands: memberErrands(keeper),
    seat: () => {
      const remembered = memory.current;
      const peerUrls = peerUrlsOf(config, memory);
      return {
        wantsToJoin: keeper.view().boot?.action === 'join',
        ...(remembered === undefined ? {} : { remembered }),
        ...(peerUrls === undefined ? {} : { peerUrls }),
      };
    },
    take: (observation) => {
      const next = learnt(observation, memory.current);
      if (next !== undefined) {
        memory.remember(next).catch((error: unknown) => events.onFault('remembering who the member is', error));
      }
    },
    start: () => keeper.start(),
    [Symbol.asyncDispose]: async () => {
      await keeper[Symbol.asyncDispose]();
      client.close();
    },
  };
}

/** Under which the own member is, or would be, listed. */
function peerUrlsOf({ member }: Config, memory: MemberMemory): readonly string[] | undefined {
  if (member.peerUrl !== undefined) return [member.peerUrl];
  const { current } = memory;
  return current?.members.find(({ id }) => id === current.memberId)?.peerUrls;
}

/** Below this share of free space the disk counts as short of it: etcd itself needs room for a second copy now and then. */
const FREE_SHARE = 0.05;

/** How many bytes the disk of a folder has too few of; 0 where it has enough. */
async function shortOf(folder: string): Promise<number> {
  const { bavail, blocks, bsize } = await diskOf(folder);
  return Math.max(0, blocks * bsize * FREE_SHARE - bavail * bsize);
}

/** The disk that a folder is on, or would be: it may be a mount point itself. */
async function diskOf(folder: string) {
  return await statfs(folder).catch(async () => statfs(await existingParent(folder)));
}

const run = promisify(execFile);

/** Of the etcd that the agent itself would start. What a unit or a pod starts is not known before. */
async function versionOf({ supervise }: Config, signal: AbortSignal): Promise<string | undefined> {
  if (supervise.kind !== 'child' && supervise.kind !== 'statefulset') return undefined;
  const { stdout } = await run(supervise.child.etcd ?? findEtcd(process.env), ['--version'], { signal });
  return /etcd Version: (\S+)/.exec(stdout)?.[1];
}
