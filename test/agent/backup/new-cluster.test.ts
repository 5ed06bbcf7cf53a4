import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { expect, it, vi } from 'vitest';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import { keyspaceAt } from '../../backup/restore/observed-history.ts';
import { startFaultProxy } from '../../backup/store/fault-proxy.ts';
import { bucketName, startS3Server } from '../../backup/store/s3-server.ts';
import { runCli } from '../../cli/doctor/run-cli.ts';
import { startCluster } from '../../real/cluster.ts';
import { RealMember } from '../../real/member.ts';
import { freePort } from '../../real/ports.ts';
import { patience } from '../caretaker/acting-agents.ts';
import { keeping } from './keeping.ts';

/** A member of a cluster that begins from data dirs that were restored for it. */
async function planMember(name: string, etcd: string, folder: string): Promise<RealMember> {
  const [endpoint, peerUrl] = [`http://127.0.0.1:${await freePort()}`, `http://127.0.0.1:${await freePort()}`];
  const metricsUrl = `http://127.0.0.1:${await freePort()}/metrics`;
  const dataDir = join(folder, 'new', name);
  return new RealMember({
    ...{ name, endpoint, peerUrl, metricsUrl, dataDir, etcd, logFile: join(folder, `${name}.log`) },
    args: [
      ...['--name', name, '--data-dir', dataDir],
      ...['--listen-client-urls', endpoint, '--advertise-client-urls', endpoint],
      ...['--listen-peer-urls', peerUrl, '--listen-metrics-urls', new URL(metricsUrl).origin],
      ...['--logger', 'zap', '--log-outputs', 'stderr'],
    ],
  });
}

it('an encrypted bucket becomes a healthy cluster of three, by one command', async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'S3RVER');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'S3RVER');
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'caretaker-new-cluster-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const identity = await generateX25519Identity();
  const [recipientsFile, identityFile] = [join(folder, 'recipients'), join(folder, 'identity')];
  await writeFile(recipientsFile, await identityToRecipient(identity));
  await writeFile(identityFile, identity, { mode: 0o600 });
  const server = stack.use(await startS3Server());
  const proxy = stack.use(await startFaultProxy(server));
  const cluster = stack.use(await startCluster());
  const client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
  stack.defer(() => client.close());

  let last = 0n;
  {
    await using all = await keeping(client, folder, {
      store: `s3://${bucketName}/etcd`,
      'encryption.recipientsFile': recipientsFile,
      's3.endpoint': proxy.endpoint,
      's3.region': 'us-east-1',
      's3.pathStyle': 'true',
    });
    await vi.waitFor(() => expect(all.view().newestFull).toBeDefined(), patience);
    // Every third request fails from here on.
    proxy.faults(({ index }) => (index % 3 === 0 ? 'status-503' : 'none'));
    for (let n = 0; n < 200; n += 1) {
      ({ revision: last } = await client.put(Buffer.from(`/app/${n % 40}`), Buffer.from(`value ${n}`)));
    }
    await vi.waitFor(() => expect(all.keeper.durableRevision()).toBeGreaterThanOrEqual(last), patience);
  }
  const wanted = await keyspaceAt(client, last);

  const { etcd } = cluster.binaries;
  const members = await Promise.all(['a', 'b', 'c'].map((name) => planMember(name, etcd, folder)));
  const initialCluster = members.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',');
  const asked = [
    ...['restore', '--store', `s3://${bucketName}/etcd`, '--s3-endpoint', proxy.endpoint, '--s3-region', 'us-east-1'],
    ...['--s3-path-style', '--identity-file', identityFile, '--bin', dirname(etcd), '--to-revision', String(last)],
    ...['--data-dir', join(folder, 'new'), '--initial-cluster', initialCluster],
  ];
  const { stdout, stderr, exitCode } = await runCli(asked);
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
  expect(stdout).toContain(`Restored to revision ${last}`);
  expect((await readdir(join(folder, 'new'))).toSorted()).toEqual(['a', 'b', 'c']);

  for (const member of members) stack.defer(() => member.kill());
  await Promise.all(members.map((member) => member.start()));
  const ids = new Set<string>();
  for (const { name, endpoint } of members) {
    const own = new MemberClient({ member: name, endpoint });
    stack.defer(() => own.close());
    const { header } = await own.status();
    ids.add(header.clusterId);
    expect(await keyspaceAt(own, last)).toEqual(wanted);
    expect((await own.put(Buffer.from('/after'), Buffer.from(name))).revision).toBeGreaterThan(last);
  }
  expect(ids.size).toBe(1);

  const again = await runCli(asked);
  expect(again.exitCode).not.toBe(0);
  expect(again.stderr).toContain('DATA_DIR_EXISTS');
});
