import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { decryptionFromFiles } from '../../backup/key-files.ts';
import { dataDirGasp } from '../../backup/last-gasp/data-dir-source.ts';
import { takeGasp } from '../../backup/last-gasp/take.ts';
import type { DataDirOutput } from '../../backup/restore/output.ts';
import { restore } from '../../backup/restore/restore.ts';
import { type SeedOptions, seedFromSurvivor } from '../../backup/seed/seed.ts';
import { AgentError, faultOf } from '../../cluster/agent-error.ts';
import type { AgreedPlan } from '../../cluster/recovery.ts';
import type { Config } from '../../config/config.ts';
import { inspectDataDir } from '../../datadir/inspect.ts';
import { isThere, outerWalDir } from '../../datadir/places.ts';
import { quarantinePath, stampOf } from '../../datadir/quarantine-names.ts';
import type { EtcdBinaries } from '../../distribution/find-binaries.ts';
import { refuseLocked } from '../last-gasp/refuse-locked.ts';
import type { RecoverWork, SeedReport } from './ports.ts';
import { openTimeline } from './store-place.ts';

type WorkConfig = Pick<Config, 'backup' | 'cluster' | 'member' | 'mode'>;

/** What a recovery does on this machine with the files of its member, which is stopped. */
export function recoverWork(config: WorkConfig, binaries: () => EtcdBinaries): RecoverWork {
  return {
    keep: (signal) => keepAside(config, signal),
    seed: (plan, signal) => seed(plan, { config, binaries: binaries() }, signal),
  };
}

/** It is nobody's only copy: the data dir itself goes to quarantine, so that what keeps this from being made stops nothing. */
async function keepAside({ backup, cluster, member, mode }: WorkConfig, signal: AbortSignal): Promise<string> {
  const { dir, keep } = backup.lastGasp;
  if (mode === 'plan' || backup.lastGasp.mode !== 'auto') return 'nothing is copied (backup.lastGasp.mode)';
  const { dataDir, walDir } = member;
  const found = await inspectDataDir({ dataDir, walDir }, signal, { depth: 'quick' });
  if (found.state === 'empty') return 'there are no data to keep';
  const known =
    'memberId' in found && found.memberId !== undefined && found.clusterId !== undefined
      ? { memberId: found.memberId, clusterId: found.clusterId }
      : {};
  const place = { dir, keep, owner: { clusterName: cluster.name, member: member.name } };
  try {
    const { gasp } = await takeGasp(dataDirGasp({ ...known, dataDir, walDir, refuseLocked }), place, signal);
    return `kept in ${gasp.path}`;
  } catch (error) {
    signal.throwIfAborted();
    return `not copied, and the data dir itself is kept: ${faultOf(error).message}`;
  }
}

interface SeedMeans {
  readonly config: WorkConfig;
  readonly binaries: EtcdBinaries;
}

async function seed(plan: AgreedPlan, means: SeedMeans, signal: AbortSignal): Promise<SeedReport> {
  const { dataDir } = means.config.member;
  await refuseMount(dataDir);
  if (plan.kind === 'seed-from-store') return await fromStore(plan, means, signal);
  try {
    return await fromSurvivor(plan, means, signal);
  } catch (error) {
    if (!(error instanceof AgentError) || error.code !== 'STORE_AHEAD') throw error;
    return await fromStore(plan, means, signal);
  }
}

async function fromSurvivor(plan: AgreedPlan, means: SeedMeans, signal: AbortSignal): Promise<SeedReport> {
  const { config, binaries } = means;
  const places = await survivorPlaces(plan, config);
  const found = await inspectDataDir(places, signal, { depth: 'full' });
  if (found.state !== 'intact') {
    const why = 'problem' in found ? found.problem : 'it is empty';
    throw new AgentError('RECOVERY_SEED_UNFIT', `${places.dataDir} cannot begin a cluster: ${why}`, {
      remedy: 'Give the plan up, and recover anew: another member, or a backup, has to do.',
    });
  }
  await using timeline =
    plan.store === undefined ? undefined : await openTimeline(storeOf(plan, config), config, found.clusterId, signal);
  const decryption = await decryptionOf(config);
  const deltas: SeedOptions['deltas'] =
    timeline === undefined
      ? undefined
      : { store: timeline.store, clusterId: found.clusterId, ...(decryption === undefined ? {} : { decryption }) };
  const { revision, survivorRevision, bumpMissing } = await seedFromSurvivor(
    {
      survivor: { ...places, wal: found },
      ...{ binaries, output: outputOf(plan, config), how: { asideAs: asideOf(plan) } },
      ...(deltas === undefined ? {} : { deltas }),
    },
    signal,
  );
  const added = revision === survivorRevision ? '' : `, and deltas of the store to revision ${revision}`;
  return {
    revision,
    detail: `begun with all that it had, to revision ${survivorRevision}${added}${bumpNote(bumpMissing)}`,
  };
}

async function fromStore(plan: AgreedPlan, { config, binaries }: SeedMeans, signal: AbortSignal): Promise<SeedReport> {
  await using timeline = await openTimeline(storeOf(plan, config), config, plan.clusterId, signal);
  const decryption = await decryptionOf(config);
  const { toRevision } = plan;
  const { revision, lost, bumpMissing } = await restore(
    {
      store: timeline.store,
      target: toRevision === undefined ? { kind: 'latest' } : { kind: 'revision', revision: toRevision },
      output: { kind: 'data-dirs', dirs: [outputOf(plan, config)] },
      ...{ binaries, quarantine: true, asideAs: asideOf(plan) },
      ...(decryption === undefined ? {} : { decryption }),
    },
    signal,
  );
  const missing = lost === undefined ? '' : `; revisions ${lost.from} to ${lost.to} are not in it any more`;
  return { revision, detail: `restored from the store to revision ${revision}${missing}${bumpNote(bumpMissing)}` };
}

/** Where its data are: where they always were, or in quarantine already, where seeding was cut off at its very end. */
async function survivorPlaces(plan: AgreedPlan, { member }: WorkConfig): Promise<{ dataDir: string; walDir: string }> {
  const { dataDir, walDir } = member;
  const outer = outerWalDir({ dataDir, walDir });
  const stamp = stampOf(plan.atMs, REASON);
  const [dataAside, walAside] = [dataDir, walDir].map((path) => quarantinePath(path, stamp, 'beside'));
  const isDataAside = dataAside !== undefined && (await isThere(dataAside));
  const at = isDataAside ? dataAside : dataDir;
  if (outer === undefined) return { dataDir: at, walDir: join(at, 'member', 'wal') };
  return { dataDir: at, walDir: walAside !== undefined && (await isThere(walAside)) ? walAside : walDir };
}

const REASON = 'recover';

function asideOf({ atMs }: AgreedPlan): string {
  return `quarantine-${stampOf(atMs, REASON)}`;
}

/** The same whenever it is asked for: a plan makes one cluster. */
function outputOf(
  { id, heard, seed }: AgreedPlan,
  { member }: WorkConfig,
): DataDirOutput & { readonly identity: { readonly initialClusterToken: string } } {
  const { name, dataDir, walDir } = member;
  const outer = outerWalDir({ dataDir, walDir });
  const peerUrl = heard.find((one) => one.name === seed)?.peerUrl ?? '';
  return {
    dataDir,
    ...(outer === undefined ? {} : { walDir: outer }),
    identity: {
      name,
      initialCluster: `${name}=${peerUrl}`,
      initialAdvertisePeerUrls: peerUrl,
      initialClusterToken: `etcd-caretaker-${id}`,
    },
  };
}

/** Each agent is configured by itself. */
function storeOf({ store }: AgreedPlan, { backup, member }: WorkConfig): string {
  if (store !== undefined && backup.store.includes(store.url)) return store.url;
  throw new AgentError('STORE_UNKNOWN', `The agent beside ${member.name} has no backup.store ${store?.url ?? ''}.`, {
    remedy: 'Give all agents the same backup.store.',
  });
}

async function decryptionOf({ backup }: WorkConfig) {
  const { identityFile } = backup.encryption;
  return identityFile === undefined ? undefined : await decryptionFromFiles([identityFile]);
}

/** What is made beside it could not be renamed into its place. */
async function refuseMount(dataDir: string): Promise<void> {
  const [there, around] = await Promise.all(
    [dataDir, dirname(dataDir)].map((each) => stat(each).catch(() => undefined)),
  );
  if (there === undefined || around === undefined || there.dev === around.dev) return;
  throw new AgentError('DATA_DIR_MOUNTED', `${dataDir} is a mount point: nothing can be put in its place as a whole.`, {
    remedy: 'Have etcd and member.dataDir use a folder below it; or recover by hand, as docs/recovery.md says.',
  });
}

function bumpNote(bumpMissing: boolean): string {
  return bumpMissing
    ? '; it is a store of Kubernetes, and the tool of etcd could not raise its revision: restart its components'
    : '';
}
