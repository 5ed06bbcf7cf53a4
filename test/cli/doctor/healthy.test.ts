import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type RealCluster, startCluster } from '../../real/cluster.ts';
import { faultCodes, runCli, runDoctor } from './run-cli.ts';

const open: RealCluster[] = [];

afterEach(async () => {
  for (const cluster of open.splice(0)) await cluster.close();
});

const start = async (options: Parameters<typeof startCluster>[0]): Promise<RealCluster> => {
  const cluster = await startCluster(options);
  open.push(cluster);
  return cluster;
};

describe.each([
  ['3.4', 3],
  ['3.5', 1],
  ['3.5', 3],
] as const)('on etcd %s', (version, members) => {
  test(`a healthy cluster of ${members} is found to be that, with nothing but its endpoint given`, async () => {
    const cluster = await start({ members, version });
    const [first] = cluster.members;
    const { report, exitCode } = await runDoctor('--endpoint', first?.endpoint ?? '');
    expect(faultCodes(report)).toEqual([]);
    expect(report).toMatchObject({ reached: true, member: 'm1' });
    expect(exitCode).toBe(report.summary.warning + report.summary.critical === 0 ? 0 : 1);
    const messages = report.lines.map(({ message }) => message).join('\n');
    expect(messages).toContain(`${members} of ${members} members answer, at ${members} of ${members} advertised`);
    expect(messages).toContain(`etcd ${version}.`);
    expect(messages).toContain('no alarm is raised');
    expect(messages).toMatch(/the database has [\d.]+ [KM]iB, .* of its quota of 2\.00 GiB/);
    expect(messages).toMatch(/\d+ writes of 2300 bytes with fdatasync in .*: median/);
    expect(messages).toContain('found out here: member.name, member.dataDir');
    if (members === 3) expect(messages).toMatch(/m2: (TCP|HTTP) round trip .*\n.*m3|clocks of 2 other members/);
    // The file of the disk preflight is gone.
    const names = await readdir(join(first?.dataDir ?? '', 'member'));
    expect(names.toSorted()).toEqual(['snap', 'wal']);
  });
});

test('a member that is down is named, with what is left of the quorum; where the own member is down the others are asked', async () => {
  const cluster = await start({ members: 3 });
  await cluster.members[2]?.kill();
  const { report, exitCode } = await runDoctor('--endpoint', cluster.endpoints[0] ?? '');
  expect(exitCode).toBe(1);
  expect(faultCodes(report)).toEqual(expect.arrayContaining(['ETCD_UNREACHABLE', 'NO_FAULT_TOLERANCE']));
  const down = report.lines.find(({ code }) => code === 'ETCD_UNREACHABLE');
  expect(down?.message).toMatch(/^m3 does not answer: .*refused/);

  await cluster.members[2]?.start();
  await cluster.members[0]?.kill();
  const endpoints = cluster.endpoints.join(',');
  const others = await runDoctor(
    ...['--endpoint', cluster.endpoints[0] ?? '', '--set', `cluster.endpoints=${endpoints}`],
    ...['--set', 'member.name=m1', '--data-dir', cluster.members[0]?.dataDir ?? ''],
  );
  expect(others.exitCode).toBe(1);
  expect(others.report.reached).toBe(true);
  expect(others.report.lines.find(({ group }) => group === 'reach')).toMatchObject({ code: 'ETCD_UNREACHABLE' });
  expect(others.report.lines.map(({ message }) => message).join('\n')).toMatch(/m[23] is the raft leader/);
});

test('an alarm and a full quota are found', async () => {
  const cluster = await start({ quotaBytes: 512 * 1024 });
  const value = 'x'.repeat(100_000);
  for (let put = 0; put < 12; put += 1) {
    await cluster.etcdctl('put', `k${put}`, value).catch(() => undefined);
  }
  const { report } = await runDoctor('--endpoint', cluster.endpoints[0] ?? '');
  expect(faultCodes(report)).toEqual(expect.arrayContaining(['ALARM_NOSPACE', 'QUOTA_HIGH']));
  const load = await runDoctor('--endpoint', cluster.endpoints[0] ?? '', '--load');
  expect(load.report.lines.find(({ group }) => group === 'load')).toMatchObject({
    status: 'skipped',
    message: expect.stringContaining('NOSPACE'),
  });
});

test('the load says how long writes took and leaves no key and no lease, also when it is interrupted', async () => {
  const cluster = await start({});
  const [endpoint = ''] = cluster.endpoints;
  await cluster.etcdctl('put', '/etcd-caretaker/doctor/not-ours', 'stays');
  const { report } = await runDoctor('--endpoint', endpoint, '--load');
  expect(report.lines.find(({ group }) => group === 'load')?.message).toMatch(/^\d+ writes at \d+\/s: median .*, p99 /);
  const keys = async () => (await cluster.etcdctl('get', '', '--prefix', '--keys-only')).trim();
  expect(await keys()).toBe('/etcd-caretaker/doctor/not-ours');
  expect(await cluster.etcdctl('lease', 'list')).toContain('found 0 leases');

  const interrupted = runCli(['doctor', '--endpoint', endpoint, '--load'], {
    onStart: async (pid) => {
      while (!(await keys()).includes('\n')) await new Promise((resolve) => setTimeout(resolve, 100));
      process.kill(pid, 'SIGINT');
    },
  });
  expect((await interrupted).exitCode).toBe(130);
  expect(await keys()).toBe('/etcd-caretaker/doctor/not-ours');
  expect(await cluster.etcdctl('lease', 'list')).toContain('found 0 leases');
});
