import { copyFileSync, cpSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { decryptionFromFiles } from '../../../src/backup/key-files.ts';
import type { Decryption } from '../../../src/backup/restore/decrypting.ts';
import { openStore } from '../../../src/backup/store/open-store.ts';
import type { Store } from '../../../src/backup/store/store.ts';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import type { PasswordAuth } from '../../../src/etcd/types.ts';
import { type FaultProxy, startFaultProxy } from '../../backup/store/fault-proxy.ts';
import { bucketName, startS3Server } from '../../backup/store/s3-server.ts';
import { type RealCluster, startCluster } from '../../real/cluster.ts';
import { ChaosAgent } from '../chaos-agent.ts';
import { FlakyFolder } from './flaky-folder.ts';
import type { Setting } from './setting.ts';

/** A cluster with an agent beside each member, its stores, and what can go wrong with each. */
export interface Ground extends AsyncDisposable {
  readonly setting: Setting;
  /** With the stores and all keys, for whoever looks into a run that failed. */
  readonly folder: string;
  readonly cluster: RealCluster;
  readonly agents: readonly ChaosAgent[];
  readonly clients: readonly MemberClient[];
  readonly auth: PasswordAuth | undefined;
  /** As somebody sees them whom no fault of the network meets. */
  readonly stores: readonly Store[];
  readonly decryption: Decryption | undefined;
  readonly bucket: FaultProxy | undefined;
  readonly flakyFolder: FlakyFolder | undefined;
  /** What all agents have written to their logs. */
  logs(): string;
  /** The folder is left where it is, with the logs. */
  keep(): void;
}

const PASSWORD = 'for-chaos-only';

/** So that an agent that is killed is soon followed by another. */
const SETTINGS = {
  'observe.interval': '2s',
  'observe.deadline': '1900ms',
  'lead.ttl': '3s',
  'maintenance.armAfter': '0s',
  'maintenance.compaction.mode': 'plan',
  'maintenance.defrag.mode': 'plan',
  'maintenance.moveLeader.mode': 'plan',
  'maintenance.hashCheck.mode': 'plan',
  'cluster.name': 'chaos',
  'backup.delta.interval': '300ms',
  'backup.full.schedule': '* * * * *',
  'backup.verify.share': '0.5',
};

/** Starts all but the agents; whoever starts it disposes of it. */
export async function startGround(setting: Setting): Promise<Ground> {
  const folder = await mkdtemp(join(tmpdir(), `caretaker-chaos-backup-${setting.seed}-`));
  const stack = new AsyncDisposableStack();
  let kept = false;
  stack.defer(async () => {
    if (!kept) await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  });
  try {
    const { version } = setting;
    const login = setting.auth ? { auth: { rootPassword: PASSWORD } } : {};
    const cluster = stack.use(await startCluster({ members: 3, version, ...login }));
    const passwordFile = join(folder, 'password');
    await writeFile(passwordFile, PASSWORD, { mode: 0o600 });
    if (setting.auth) {
      await cluster.etcdctl('--command-timeout=60s', 'user', 'add', `caretaker:${PASSWORD}`);
      await cluster.etcdctl('--command-timeout=60s', 'user', 'grant-role', 'caretaker', 'root');
    }
    const auth = setting.auth ? { username: 'root', passwordFile } : undefined;
    const clients = cluster.members.map(({ name, endpoint }) => {
      const client = new MemberClient({ member: name, endpoint, ...(auth === undefined ? {} : { auth }) });
      stack.defer(() => client.close());
      return client;
    });
    const inBucket = await bucketOf(setting, stack);
    const flakyFolder = setting.stores === 'bucket' ? undefined : await FlakyFolder.make(join(folder, 'store'));
    const urls = [
      ...(flakyFolder === undefined ? [] : [`file://${flakyFolder.path}`]),
      ...(inBucket === undefined ? [] : [`s3://${bucketName}/of-chaos`]),
    ];
    const keys = await keysOf(setting, folder);
    const set = {
      ...SETTINGS,
      'backup.store': urls.join(','),
      ...(setting.slowFulls ? { 'backup.full.rateLimit': '200KiB' } : {}),
      ...(inBucket === undefined
        ? {}
        : {
            'backup.s3.endpoint': inBucket.proxy.endpoint,
            'backup.s3.region': 'us-east-1',
            'backup.s3.pathStyle': 'true',
          }),
      ...keys.set,
      ...(setting.auth ? { 'cluster.auth.username': 'caretaker', 'cluster.auth.passwordFile': passwordFile } : {}),
    };
    const agents = await Promise.all(
      cluster.members.map(async (member) => {
        const dir = join(folder, `${member.name}.spool`);
        if (setting.spool) await mkdir(dir);
        return new ChaosAgent(cluster, member, { ...set, ...(setting.spool ? { 'backup.spool.dir': dir } : {}) });
      }),
    );
    stack.defer(async () => {
      await Promise.all(agents.map((agent) => agent.kill()));
    });
    const stores = [
      ...(flakyFolder === undefined ? [] : [openStore(`file://${flakyFolder.real}`)]),
      ...(inBucket === undefined
        ? []
        : [
            openStore(`s3://${bucketName}/of-chaos`, {
              s3: { endpoint: inBucket.endpoint, region: 'us-east-1', pathStyle: true },
            }),
          ]),
    ];
    for (const store of stores) stack.use(store);
    const owned = stack.move();
    return {
      ...{ setting, folder, cluster, agents, clients, auth, stores, flakyFolder },
      decryption: keys.decryption,
      bucket: inBucket?.proxy,
      logs: () => agents.map((agent) => agent.log()).join(''),
      keep: () => {
        kept = true;
        if (inBucket !== undefined) cpSync(inBucket.directory, join(folder, 'bucket'), { recursive: true });
        for (const agent of agents) copyFileSync(agent.logFile, join(folder, basename(agent.logFile)));
      },
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function bucketOf(
  { stores }: Setting,
  stack: AsyncDisposableStack,
): Promise<{ readonly endpoint: string; readonly directory: string; readonly proxy: FaultProxy } | undefined> {
  if (stores === 'folder') return undefined;
  // Those that s3rver knows; the agents inherit them.
  process.env['AWS_ACCESS_KEY_ID'] = 'S3RVER';
  process.env['AWS_SECRET_ACCESS_KEY'] = 'S3RVER';
  const server = stack.use(await startS3Server());
  const { endpoint, directory } = server;
  return { endpoint, directory, proxy: stack.use(await startFaultProxy(server)) };
}

async function keysOf(
  { encrypted, identity }: Setting,
  folder: string,
): Promise<{ readonly set: Readonly<Record<string, string>>; readonly decryption: Decryption | undefined }> {
  if (!encrypted) return { set: { 'backup.encryption.mode': 'none' }, decryption: undefined };
  const secret = await generateX25519Identity();
  const [recipientsFile, identityFile] = [join(folder, 'recipients'), join(folder, 'identity')];
  await writeFile(recipientsFile, `${await identityToRecipient(secret)}\n`);
  await writeFile(identityFile, `${secret}\n`, { mode: 0o600 });
  return {
    set: {
      'backup.encryption.mode': 'age',
      'backup.encryption.recipientsFile': recipientsFile,
      ...(identity ? { 'backup.encryption.identityFile': identityFile } : {}),
    },
    decryption: await decryptionFromFiles([identityFile]),
  };
}
