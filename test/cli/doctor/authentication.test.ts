import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RealCluster, startCluster } from '../../real/cluster.ts';
import { faultCodes, runDoctor, tlsFlags } from './run-cli.ts';

describe.each(['3.4', '3.5'] as const)('where etcd %s asks for users', (version) => {
  let cluster: RealCluster;

  beforeAll(async () => {
    cluster = await startCluster({ version, auth: { rootPassword: 'root pw' } });
    await cluster.etcdctl('user', 'add', 'watcher:watcher pw');
    await cluster.etcdctl('role', 'add', 'etcd-caretaker');
    await cluster.etcdctl(
      'role',
      'grant-permission',
      'etcd-caretaker',
      '--prefix=true',
      'readwrite',
      '/etcd-caretaker/',
    );
    await cluster.etcdctl('user', 'grant-role', 'watcher', 'etcd-caretaker');
  });

  afterAll(() => cluster.close());

  const doctorAs = async (user: string) => {
    const file = join(cluster.folder, `${user}.password`);
    await writeFile(file, `${user} pw`, { mode: 0o600 });
    const flags = ['--set', `cluster.auth.username=${user}`, '--set', `cluster.auth.passwordFile=${file}`];
    return runDoctor('--endpoint', cluster.endpoints[0] ?? '', ...flags);
  };

  test('root has all that it takes', async () => {
    const { report } = await doctorAs('root');
    expect(faultCodes(report)).toEqual([]);
    expect(report.lines.filter(({ group }) => group === 'grants').map(({ message }) => message)).toEqual([
      'root has the role root: all that the operations need',
    ]);
    expect(report.lines.find(({ message }) => message.includes('ask for a user'))?.group).toBe('security');
  });

  test('what another user lacks is said operation by operation', async () => {
    const { report, exitCode } = await doctorAs('watcher');
    const lines = report.lines.filter(({ group }) => group === 'grants');
    expect(lines[0]).toMatchObject({ status: 'ok', message: expect.stringMatching(/enough for lead/) });
    const missing = lines.filter(({ code }) => code === 'GRANT_MISSING').map(({ message }) => message.split(':', 1)[0]);
    // Tried with etcdctl: 3.4.23 lets every user compact and move the leader, 3.5.30 asks for root even for Status.
    const everywhere = ['keyspace', 'defrag', 'snapshot', 'hash-check', 'replace'];
    const since35 = ['observe', 'compaction', 'nospace', 'move-leader'];
    expect(missing.toSorted()).toEqual([...everywhere, ...(version === '3.5' ? since35 : [])].toSorted());
    expect(lines.every(({ status, remedy }) => status === 'ok' || remedy?.startsWith('etcdctl '))).toBe(true);
    expect(exitCode).toBe(1);
    expect(report.reached).toBe(true);
    expect(faultCodes(report)).not.toContain('QUORUM_LOST');
  });

  test('without a user the first thing that is said is that one is needed', async () => {
    const { report, exitCode } = await runDoctor('--endpoint', cluster.endpoints[0] ?? '');
    expect(faultCodes(report)).toContain('NO_USER');
    expect(exitCode).not.toBe(0);
  });
});

test('a client certificate whose name is no user is said to be that', async () => {
  const cluster = await startCluster({ tls: 'mtls', version: '3.4', auth: { rootPassword: 'root pw' } });
  try {
    if (cluster.certs === undefined) throw new Error('the cluster has no certificates');
    const { report } = await runDoctor('--endpoint', cluster.endpoints[0] ?? '', ...tlsFlags(cluster.certs));
    expect(report.lines.find(({ code }) => code === 'NO_USER')?.message).toBe(
      'Etcd asks for users, and has none named caretaker, the common name of its client certificate.',
    );
  } finally {
    await cluster.close();
  }
});
