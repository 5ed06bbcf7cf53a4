import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SecretFilter } from '../../../src/cli/doctor/bundle/secrets.ts';
import { startCluster } from '../../real/cluster.ts';
import { freePort } from '../../real/ports.ts';
import { runCli, tlsFlags } from './run-cli.ts';

const run = promisify(execFile);
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caretaker-bundle-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function filesBelow(path: string): Promise<ReadonlyMap<string, string>> {
  const names = await readdir(path, { recursive: true, withFileTypes: true });
  const files = names.filter((name) => name.isFile()).map((name) => join(name.parentPath, name.name));
  return new Map(
    await Promise.all(files.map(async (file) => [file.slice(path.length + 1), await readFile(file, 'utf8')] as const)),
  );
}

test('the archive of a cluster with every secret there is holds none of them', async () => {
  const password = 'correct-horse-battery-staple';
  const token = 'a-token-that-nobody-may-see';
  const cluster = await startCluster({ members: 3, tls: 'mtls', auth: { rootPassword: password } });
  try {
    const { certs } = cluster;
    if (certs === undefined) throw new Error('the cluster has no certificates');
    const [passwordFile, tokenFile] = [join(folder, 'password'), join(folder, 'token')];
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
    await writeFile(tokenFile, `${token}\n`, { mode: 0o600 });
    const archive = join(folder, 'support.tar.gz');
    const { stderr, exitCode } = await runCli(
      [
        ...['doctor', '--bundle', archive, '--endpoint', cluster.endpoints[0] ?? '', ...tlsFlags(certs)],
        ...['--set', 'cluster.auth.username=root', '--set', `cluster.auth.passwordFile=${passwordFile}`],
        ...['--set', `cluster.peerTls.ca=${certs.ca}`, '--set', `cluster.peerTls.cert=${certs.peerCert}`],
        ...['--set', `cluster.peerTls.key=${certs.peerKey}`, '--set', `expose.auth.tokenFile=${tokenFile}`],
        ...['--set', `expose.tls.cert=${certs.serverCert}`, '--set', `expose.tls.key=${certs.serverKey}`],
      ],
      { env: { ETCD_CARETAKER_TOKEN: token } },
    );
    expect([0, 1]).toContain(exitCode);
    expect(stderr).toContain(`${archive}: `);
    expect((await stat(archive)).mode & 0o777).toBe(0o600);

    const out = await mkdtemp(join(folder, 'out-'));
    await run('tar', ['-xzf', archive, '-C', out]);
    const files = await filesBelow(out);
    expect([...files.keys()].toSorted()).toEqual([
      'README.txt',
      'agent/error.txt',
      'config.yaml',
      'etcd-metrics/m1.prom',
      'etcd-metrics/m2.prom',
      'etcd-metrics/m3.prom',
      'facts.json',
      'host.json',
      'observation.json',
      'report.json',
      'report.txt',
      'versions.json',
    ]);
    const all = [...files.values()].join('\n');
    const keys = await Promise.all([certs.key, certs.peerKey, certs.serverKey].map((path) => readFile(path, 'utf8')));
    const keyLines = keys.flatMap((key) => key.split('\n').filter((line) => line !== '' && !line.startsWith('---')));
    expect(keyLines.length).toBeGreaterThan(5);
    for (const secret of [password, token, ...keyLines]) expect(all).not.toContain(secret);
    expect(all).not.toContain('PRIVATE KEY');

    // It is of use all the same.
    expect(files.get('config.yaml')).toContain(passwordFile);
    expect(files.get('etcd-metrics/m2.prom')).toContain('etcd_server_has_leader 1');
    expect(JSON.parse(files.get('observation.json') ?? '')).toHaveProperty('sections.cluster.value.voters', 3);
    expect(JSON.parse(files.get('versions.json') ?? '')).toHaveProperty('etcd.m3', expect.stringMatching(/^3\.5\./));
    expect(JSON.parse(files.get('host.json') ?? '')).toHaveProperty('osInfo.platform', 'linux');
  } finally {
    await cluster.close();
  }
});

test('what a running agent says is in the archive, by its socket', async () => {
  const cluster = await startCluster();
  const [own] = cluster.members;
  const config = join(folder, 'agent.yaml');
  const socket = join(folder, 'agent.sock');
  const listen = `127.0.0.1:${await freePort()}`;
  await writeFile(
    config,
    [
      `member: {name: m1, endpoint: "${own?.endpoint}", dataDir: "${own?.dataDir}"}`,
      `expose: {listen: "${listen}", socket: "${socket}"}`,
    ].join('\n'),
  );
  let agentPid = 0;
  const agent = runCli(['agent', '--config', config], {
    onStart: (pid) => {
      agentPid = pid;
    },
  });
  try {
    while (!(await fetch(`http://${listen}/readyz`).catch(() => undefined))?.ok) await sleep(100);
    const archive = join(folder, 'support.tar.gz');
    await runCli(['doctor', '--config', config, '--bundle', archive]);
    const { stdout } = await run('tar', ['-xzOf', archive, 'agent/metrics.prom'], { maxBuffer: 2 ** 24 });
    expect(stdout).toContain('etcd_caretaker_build_info');
    const status = await run('tar', ['-xzOf', archive, 'agent/status.json']);
    expect(JSON.parse(status.stdout)).toHaveProperty('agent.member', 'm1');
  } finally {
    process.kill(agentPid, 'SIGTERM');
    await agent;
    await cluster.close();
  }
});

test('where etcd is not reached there is an archive too, and a failed command line leaves none', async () => {
  const archive = join(folder, 'support.tar.gz');
  const unreached = await runCli(['doctor', '--endpoint', 'http://etcd.invalid:2379', '--bundle', archive]);
  expect(unreached.exitCode).toBe(3);
  const { stdout } = await run('tar', ['-tzf', archive]);
  expect(stdout).toContain('report.txt');
  const again = await runCli(['doctor', '--endpoint', 'http://etcd.invalid:2379', '--bundle', archive]);
  expect([again.exitCode, again.stdout]).toEqual([2, '']);
  expect((await run('tar', ['-tzf', archive])).stdout).toBe(stdout);
  const other = join(folder, 'other.tar.gz');
  expect((await runCli(['doctor', '--endpoint', 'nonsense', '--bundle', other])).exitCode).toBe(2);
  await expect(stat(other)).rejects.toThrow('ENOENT');
});

describe('the filter of secrets', () => {
  test('hides what files hold, also a line of it and within JSON', async () => {
    const file = join(folder, 'secret');
    await writeFile(file, 'first "line"\nsecond\\line\n');
    const filter = await SecretFilter.of([file, join(folder, 'missing')], ['a token', 'abc']);
    expect(filter.clean(`x first "line" y second\\line z a token`)).toBe('x [hidden] y [hidden] z [hidden]');
    expect(filter.clean(JSON.stringify({ a: 'first "line"', b: 'second\\line' }))).toBe(
      '{"a":"[hidden]","b":"[hidden]"}',
    );
    expect(filter.clean('abc is too short to be told from chance')).toContain('abc');
  });

  test('hides private keys, passwords in URLs and bearer tokens that nobody told it of', async () => {
    const filter = await SecretFilter.of([], []);
    const key = '-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----';
    expect(filter.clean(`a ${key} b`)).toBe('a [hidden] b');
    expect(filter.clean('https://user:pass@10.0.0.1:2379/x')).toBe('https://[hidden]@10.0.0.1:2379/x');
    expect(filter.clean('Authorization: Bearer abc.def')).toBe('Authorization: Bearer [hidden]');
    expect(filter.clean('-----BEGIN CERTIFICATE-----')).toBe('-----BEGIN CERTIFICATE-----');
  });
});
