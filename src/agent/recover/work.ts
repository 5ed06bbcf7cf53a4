import { join } from 'node:path';
import { decryptionFromFiles } from '../../backup/key-files.ts';
import { dataDirGasp } from '../../backup/last-gasp/data-dir-source.ts';
import { takeGasp } from '../../backup/last-gasp/take.ts';
import { type DataDirOutput, placeOf, removeFolder } from '../../backup/restore/output.ts';
import { restore } from '../../backup/restore/restore.ts';
import { othersBeside } from '../../backup/restore/work-folder.ts';
import { type SeedOptions, seedFromSurvivor } from '../../backup/seed/seed.ts';
import { AgentError, faultOf } from '../../cluster/agent-error.ts';
import type { AgreedPlan } from '../../cluster/recovery.ts';
import type { Config } from '../../config/config.ts';
import { hasToStay } from '../../datadir/has-to-stay.ts';
import { inspectDataDir } from '../../datadir/inspect.ts';
import { isThere, outerWalDir } from '../../datadir/places.ts';
import { recordQuarantine } from '../../datadir/quarantine.ts';
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
  readonly output: SeedOutput;
}

type SeedOutput = DataDirOutput & { readonly identity: { readonly initialClusterToken: string } };

async function seed(plan: AgreedPlan, means: Omit<SeedMeans, 'output'>, signal: AbortSignal): Promise<SeedReport> {
  const { dataDir, walDir } = means.config.member;
  const output = await outputOf(plan, means.config);
  // Of a seeding that was cut off: they hold copies alone, and the room for them is needed again.
  for (const left of await othersBeside(placeOf(output))) await removeFolder(left);
  const report = await seeded(plan, { ...means, output }, signal);
  await recordQuarantine({ dataDir, walDir }, signal);
  return report;
}

async function seeded(plan: AgreedPlan, means: SeedMeans, signal: AbortSignal): Promise<SeedReport> {
  if (plan.kind === 'seed-from-store') return await fromStore(plan, means, signal);
  try {
    return await fromSurvivor(plan, means, signal);
  } catch (error) {
    if (!(error instanceof AgentError) || error.code !== 'STORE_AHEAD') throw error;
    return await fromStore(plan, means, signal);
  }
}

async function fromSurvivor(plan: AgreedPlan, means: SeedMeans, signal: AbortSignal): Promise<SeedReport> {
  const { config, binaries, output } = means;
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
      ...{ binaries, output, how: { asideAs: asideOf(plan) } },
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

async function fromStore(
  plan: AgreedPlan,
  { config, binaries, output }: SeedMeans,
  signal: AbortSignal,
): Promise<SeedReport> {
  await using timeline = await openTimeline(storeOf(plan, config), config, plan.clusterId, signal);
  const decryption = await decryptionOf(config);
  const { toRevision } = plan;
  const { revision, lost, bumpMissing } = await restore(
    {
      store: timeline.store,
      target: toRevision === undefined ? { kind: 'latest' } : { kind: 'revision', revision: toRevision },
      output: { kind: 'data-dirs', dirs: [output] },
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
  const walAside = quarantinePath(walDir, stamp, 'beside');
  let at = dataDir;
  for (const where of ['inside', 'beside'] as const) {
    const aside = quarantinePath(dataDir, stamp, where);
    if (await isThere(join(aside, 'member'))) at = aside;
  }
  if (outer === undefined) return { dataDir: at, walDir: join(at, 'member', 'wal') };
  return { dataDir: at, walDir: (await isThere(walAside)) ? walAside : walDir };
}

const REASON = 'recover';

function asideOf({ atMs }: AgreedPlan): string {
  return `quarantine-${stampOf(atMs, REASON)}`;
}

/** The same whenever it is asked for: a plan makes one cluster. */
async function outputOf({ id, heard, seed }: AgreedPlan, { member }: WorkConfig): Promise<SeedOutput> {
  const { name, dataDir, walDir } = member;
  const outer = outerWalDir({ dataDir, walDir });
  const peerUrl = heard.find((one) => one.name === seed)?.peerUrl ?? '';
  return {
    dataDir,
    stays: await hasToStay(dataDir),
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

function bumpNote(bumpMissing: boolean): string {
  return bumpMissing
    ? '; it is a store of Kubernetes, and the tool of etcd could not raise its revision: restart its components'
    : '';
}
