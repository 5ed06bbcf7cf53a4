import { chmod, copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { issueUnusual } from '../../observe/x509/issue.ts';
import { type Certificates, createAuthority } from '../../real/certificates.ts';
import { type RealCluster, startCluster } from '../../real/cluster.ts';
import { freePort } from '../../real/ports.ts';
import { silentServer } from '../../real/silent-server.ts';
import { runCli, runDoctor, tlsFlags } from './run-cli.ts';

/** What every failure has in common: one clear error in the report, and no stack trace anywhere. */
async function expectFault(args: readonly string[], expected: { code: string; exitCode: number; message?: RegExp }) {
  const { stdout, stderr, exitCode } = await runCli(['doctor', ...args]);
  expect(stdout + stderr).not.toMatch(/\n\s+at .*[:(]\d+/);
  expect(stdout).toContain(`(${expected.code})`);
  expect(stderr).not.toContain('Warning');
  // Told once: who reads on does not read it again.
  expect(stdout.split('\n').filter((line) => line.includes(`(${expected.code})`))).toHaveLength(1);
  expect(stdout).toMatch(/to do: /);
  if (expected.message !== undefined) expect(stdout).toMatch(expected.message);
  expect(exitCode).toBe(expected.exitCode);
}

// A doctor looks twice, seconds apart: the waits of many pass best at the same time.
describe.concurrent('without a server', () => {
  test('nothing listens at the endpoint', async () => {
    const endpoint = `http://127.0.0.1:${await freePort()}`;
    await expectFault(['--endpoint', endpoint], { code: 'ETCD_UNREACHABLE', exitCode: 3, message: /refused/ });
  });

  test('a host name without an address', async () => {
    await expectFault(['--endpoint', 'http://etcd.invalid:2379'], { code: 'ETCD_ADDRESS_UNKNOWN', exitCode: 3 });
  });

  test('a port where a web server answers', async () => {
    const server = createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    await expectFault(['--endpoint', `http://127.0.0.1:${port}`], { code: 'ETCD_NOT_ETCD', exitCode: 3 });
    await new Promise((resolve) => server.close(resolve));
  });

  test('a port where something accepts and says nothing', async () => {
    await using silent = await silentServer();
    const flags = ['--set', 'cluster.client.dialTimeout=500ms', '--set', 'cluster.client.callTimeout=1s'];
    const endpoint = `http://127.0.0.1:${silent.port}`;
    await expectFault(['--endpoint', endpoint, ...flags], { code: 'ETCD_DEADLINE', exitCode: 3 });
  });

  test('a port where something accepts and leaves the TLS handshake unanswered: doctor ends all the same', async () => {
    await using silent = await silentServer();
    const { stdout, exitCode } = await runCli([
      'doctor',
      '--endpoint',
      `https://127.0.0.1:${silent.port}`,
      ...['--set', 'cluster.client.dialTimeout=500ms', '--set', 'cluster.client.callTimeout=1s'],
    ]);
    expect(stdout).toContain('no member answered');
    expect(exitCode).toBe(3);
  });

  test.each([
    ['an endpoint without a scheme', ['--endpoint', '127.0.0.1:2379'], /member\.endpoint.*http:\/\//],
    ['an unknown key', ['--set', 'member.endpont=http://127.0.0.1:2379'], /member\.endpont/],
    ['a missing file', ['--config', '/nowhere/agent.yaml'], /\/nowhere\/agent\.yaml/],
    ['a folder instead of a file', ['--config', tmpdir()], new RegExp(tmpdir())],
    ['a --set without a value', ['--set', 'member.name'], /expected KEY=VALUE/],
    ['an unknown option', ['--endpoints', 'x'], /unknown option.*--endpoints/],
    ['an archive in a missing folder', ['--bundle', '/nowhere/b.tar.gz'], /\/nowhere\/b\.tar\.gz cannot be written/],
    ['an archive that is there already', ['--bundle', '/dev/null'], /it is there already/],
  ])('%s is a usage error, said once, without a report', async (_name, args, message) => {
    const { stdout, stderr, exitCode } = await runCli(['doctor', ...args]);
    expect(stdout).toBe('');
    expect(stderr).toMatch(message);
    // What a doctor can do without is not said to be missing.
    expect(stderr).not.toMatch(/member\.dataDir|\n\s+at /);
    expect(exitCode).toBe(2);
  });

  test('with --debug the stack is shown', async () => {
    const { stderr } = await runCli(['--debug', 'doctor', '--config', '/nowhere/agent.yaml']);
    expect(stderr).toMatch(/\n\s+at /);
  });
});

test.concurrent.each(['3.4', '3.5'] as const)(
  'the peer port of etcd %s without TLS, which answers clients too',
  async (version) => {
    await using cluster = await startCluster({ version });
    const { report, exitCode } = await runDoctor('--endpoint', cluster.members[0]?.peerUrl ?? '');
    expect(report.lines.filter(({ code }) => code === 'PEER_PORT')).toMatchObject([
      { status: 'critical', group: 'reach', remedy: `Use ${cluster.endpoints[0]} instead.` },
    ]);
    expect(exitCode).toBe(1);
  },
);

describe.each(['3.4', '3.5'] as const)('beside etcd %s', (version) => {
  let cluster: RealCluster;
  let certs: Certificates;
  let folder: string;
  let endpoint: string;

  beforeAll(async () => {
    cluster = await startCluster({ version, tls: 'mtls', auth: { rootPassword: 'the right one' } });
    if (cluster.certs === undefined) throw new Error('the cluster has no certificates');
    certs = cluster.certs;
    endpoint = cluster.endpoints[0] ?? '';
    folder = await mkdtemp(join(tmpdir(), 'caretaker-doctor-'));
  });

  afterAll(async () => {
    await cluster.close();
    await rm(folder, { recursive: true, force: true });
  });

  let passwords = 0;
  /** With the password in a file of its own. */
  const passwordFlags = async (password: string, mode = 0o600): Promise<string[]> => {
    passwords += 1;
    const file = join(folder, `password-${passwords}`);
    await writeFile(file, `${password}\n`);
    await chmod(file, mode);
    return ['--set', 'cluster.auth.username=root', '--set', `cluster.auth.passwordFile=${file}`];
  };

  test.concurrent('a wrong password', async () => {
    const args = ['--endpoint', endpoint, ...tlsFlags(certs), ...(await passwordFlags('a wrong one'))];
    await expectFault(args, { code: 'ETCD_AUTH_FAILED', exitCode: 3 });
  });

  test.concurrent('a plain URL for a TLS port', async () => {
    await expectFault(['--endpoint', endpoint.replace('https:', 'http:')], { code: 'ETCD_PLAIN_ON_TLS', exitCode: 3 });
  });

  test.concurrent("etcd's peer port", async () => {
    const args = ['--endpoint', cluster.members[0]?.peerUrl ?? '', ...tlsFlags(certs)];
    await expectFault(args, { code: 'ETCD_PEER_PORT', exitCode: 3, message: /to do: Use a client URL/ });
  });

  test.concurrent('no client certificate', async () => {
    const args = ['--endpoint', endpoint, '--set', `cluster.tls.ca=${certs.ca}`];
    await expectFault(args, { code: 'ETCD_CLIENT_CERT_REQUIRED', exitCode: 3 });
  });

  test.concurrent('another CA', async () => {
    const strange = await createAuthority(folder, 'strange');
    const args = ['--endpoint', endpoint, ...tlsFlags({ ...certs, ca: strange.cert })];
    await expectFault(args, { code: 'ETCD_TLS_UNTRUSTED', exitCode: 3 });
  });

  // It changes what all clients of the server see.
  test('a server certificate that has expired, which the check of certificates tells too', async () => {
    const [cert, key] = [join(folder, 'kept.crt'), join(folder, 'kept.key')];
    await Promise.all([copyFile(certs.serverCert, cert), copyFile(certs.serverKey, key)]);
    try {
      const authority = { cert: certs.ca, key: certs.caKey };
      const expired = await issueUnusual(folder, authority, 'expired', { days: -1 });
      await copyFile(expired.key, certs.serverKey);
      await copyFile(expired.cert, certs.serverCert);
      const args = ['--endpoint', endpoint, ...tlsFlags(certs), ...(await passwordFlags('the right one'))];
      await expectFault(args, { code: 'ETCD_TLS_EXPIRED', exitCode: 3, message: /CERT_EXPIRED/ });
    } finally {
      await copyFile(key, certs.serverKey);
      await copyFile(cert, certs.serverCert);
    }
  });

  // Of the machine and its files: the same with every version of etcd.
  if (version === '3.5') {
    test.concurrent('a password file that is not there', async () => {
      const flags = ['--set', 'cluster.auth.username=root', '--set', 'cluster.auth.passwordFile=/nowhere/password'];
      const args = ['--endpoint', endpoint, ...tlsFlags(certs), ...flags];
      await expectFault(args, { code: 'ETCD_PASSWORD_UNREADABLE', exitCode: 2, message: /\/nowhere\/password/ });
    });

    test.concurrent('a key that belongs to another certificate', async () => {
      const args = ['--endpoint', endpoint, ...tlsFlags({ ...certs, key: certs.serverKey })];
      const message = /the key \S+ does not belong to the certificate \S+/;
      await expectFault(args, { code: 'ETCD_CERT_UNREADABLE', exitCode: 2, message });
    });

    test.concurrent.each([
      ['a CA file that holds no CA', '/etc/passwd', 'CERT_FILE_INVALID', /holds no certificate in PEM form/],
      ['a CA file that is not there', '/nowhere/ca.crt', 'CERT_FILE_UNREADABLE', /no such file/],
    ])('%s is told as a fault of the file, and not of the server', async (_name, ca, code, message) => {
      const { report, exitCode } = await runDoctor('--endpoint', endpoint, ...tlsFlags({ ...certs, ca }));
      const critical = report.lines.filter(({ status }) => status === 'critical');
      expect(critical.map((line) => line.code)).toEqual(expect.arrayContaining(['ETCD_CERT_UNREADABLE', code]));
      expect(critical.find((line) => line.code === 'ETCD_CERT_UNREADABLE')?.message).toMatch(message);
      expect(critical.every((line) => line.code?.includes('CERT') === true)).toBe(true);
      expect(exitCode).toBe(2);
    });

    test.concurrent('a metrics page where nothing listens, and one that is cut off, while etcd answers', async () => {
      const args = ['--endpoint', endpoint, ...tlsFlags(certs), ...(await passwordFlags('the right one'))];
      const silent = `http://127.0.0.1:${await freePort()}/metrics`;
      const message = /metrics.*nothing listens there.*\n.*to do: .*member\.metricsUrl/;
      const unreachable = { code: 'ETCD_UNREACHABLE', exitCode: 1, message };
      await expectFault([...args, '--set', `member.metricsUrl=${silent}`], unreachable);
      const page = 'etcd_disk_wal_fsync_duration_seconds_bucket{le="0.001"} 3\n';
      const server = createServer((_request, response) => response.end(page)).listen(0, '127.0.0.1');
      await new Promise((resolve) => server.once('listening', resolve));
      const cut = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
      const garbled = { code: 'ETCD_METRICS_GARBLED', exitCode: 1, message: /backend_commit/ };
      await expectFault([...args, '--set', `member.metricsUrl=${cut}`], garbled);
      await new Promise((resolve) => server.close(resolve));
    });

    test.concurrent('a data dir that is not there, and one of another member', async () => {
      const args = ['--endpoint', endpoint, ...tlsFlags(certs), ...(await passwordFlags('the right one'))];
      const missing = await runDoctor(...args, '--data-dir', join(folder, 'nothing'));
      expect(missing.exitCode).toBe(1);
      expect(missing.report.lines.map(({ code }) => code)).toContain('DATA_DIR_MISSING');
      const other = await runDoctor(...args, '--data-dir', folder);
      expect(other.report.lines.map(({ code }) => code)).toContain('DATA_DIR_MISMATCH');
    });

    test.concurrent('a password that everybody can read, and the name of another member', async () => {
      const flags = await passwordFlags('the right one', 0o644);
      const args = ['--endpoint', endpoint, ...tlsFlags(certs), ...flags, '--set', 'member.name=elsewhere'];
      const { report, exitCode } = await runDoctor(...args);
      const codes = report.lines.map(({ code }) => code);
      expect(codes).toContain('SECRET_FILE_OPEN');
      const mismatches = report.lines.filter(({ code }) => code === 'MEMBER_NAME_MISMATCH');
      expect(mismatches).toMatchObject([{ status: 'critical' }]);
      expect(exitCode).toBe(1);
    });
  }
});
