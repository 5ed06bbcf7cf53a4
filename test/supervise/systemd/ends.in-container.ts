import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { ProcessEnd } from '../../../src/cluster/own-member.ts';
import type { Supervisor } from '../../../src/supervise/supervisor.ts';
import { systemdSupervisor } from '../../../src/supervise/systemd/systemd-supervisor.ts';
import { makeUnit, removeUnit, systemctl, trySystemctl, type UnitOfEtcd, until, writeUnit } from './etcd-units.ts';

const signal = AbortSignal.timeout(600_000);
const units: string[] = [];
afterEach(() => {
  for (const unit of units.splice(0)) removeUnit(unit);
});

let count = 0;
async function running(
  service: readonly string[],
  head: readonly string[] = [],
): Promise<{ etcd: UnitOfEtcd; supervisor: Supervisor; ends: ProcessEnd[] }> {
  const etcd = await makeUnit({
    name: `ends${count++}`,
    line: '3.5',
    form: 'environment-file',
    begin: {},
    service,
    head,
  });
  units.push(etcd.unit);
  const supervisor = systemdSupervisor({
    unit: etcd.unit,
    stopGraceMs: 10_000,
    pollMs: 100,
    explainEnd: (how, logTail) => ({ cause: how === 'SIGKILL' ? 'killed' : 'unknown', evidence: logTail }),
  });
  const ends: ProcessEnd[] = [];
  supervisor.onEnd((end) => ends.push(end));
  const members = [{ name: etcd.name, peerUrl: etcd.peerUrl }];
  await supervisor.start({ initial: { state: 'new', members, token: 'fresh' } }, signal);
  await until('etcd is ready', () => systemctl('show', '--property=ActiveState', etcd.unit).includes('=active'));
  return { etcd, supervisor, ends };
}

async function pidOf(supervisor: Supervisor): Promise<number> {
  const state = await supervisor.look(signal);
  return state.state === 'running' ? (state.pid ?? 0) : 0;
}

describe('the end of etcd under a real systemd', () => {
  it('is told once with its signal and the words of etcd where systemd does not start it again', async () => {
    const { etcd, supervisor, ends } = await running(['Restart=no']);
    await using _ = supervisor;
    process.kill(await pidOf(supervisor), 'SIGKILL');
    await until('the end is told', () => ends.length > 0);
    expect(ends).toMatchObject([{ how: 'SIGKILL', cause: 'killed' }]);
    expect(ends[0]?.evidence).toContain('"msg":"');
    expect(Math.abs(Date.now() - (ends[0]?.atMs ?? 0))).toBeLessThan(60_000);
    expect(await supervisor.look(signal)).toMatchObject({ state: 'stopped', end: { how: 'SIGKILL' } });
    await supervisor.start({}, signal);
    await until('etcd is ready again', () =>
      systemctl('show', '--property=ActiveState', etcd.unit).includes('=active'),
    );
    expect(ends).toHaveLength(1);
  });

  it('is told when systemd has started it again, once for each end', async () => {
    const { supervisor, ends } = await running(['Restart=always', 'RestartSec=500ms']);
    await using _ = supervisor;
    for (const round of [1, 2]) {
      const before = await pidOf(supervisor);
      process.kill(before, 'SIGKILL');
      await until('the end is told', () => ends.length === round);
      expect(await pidOf(supervisor)).not.toBe(before);
      expect(ends.at(-1)).toMatchObject({ how: 'SIGKILL', cause: 'killed' });
      expect(await supervisor.look(signal)).toMatchObject({ state: 'running', adopted: true });
    }
  });

  it('of a person is told as well, and an own one is not', async () => {
    const { etcd, supervisor, ends } = await running(['Restart=always']);
    await using _ = supervisor;
    systemctl('stop', etcd.unit);
    await until('the end is told', () => ends.length === 1);
    expect(ends[0]?.how).toBe('SIGTERM');
    await supervisor.start({}, signal);
    await supervisor.stop(signal);
    expect(await supervisor.look(signal)).toMatchObject({ state: 'stopped' });
    await supervisor.start({}, signal);
    expect(ends).toHaveLength(1);
  });
});

describe('a stop under a real systemd', () => {
  it('keeps everybody from starting etcd until it is started by the agent, and says so', async () => {
    const { etcd, supervisor } = await running(['Restart=always', 'RestartSec=100ms']);
    await using _ = supervisor;
    const other = `needs-${etcd.unit}`;
    units.push(other);
    writeUnit(other, [`Requires=${etcd.unit}`, `After=${etcd.unit}`, '[Service]', 'ExecStart=/bin/sleep 1000']);
    await supervisor.stop(signal);

    const byHand = trySystemctl('start', etcd.unit);
    expect(byHand.status).not.toBe(0);
    expect(byHand.says).toMatch(/Assertion failed/i);
    expect(trySystemctl('start', other).status).not.toBe(0);
    systemctl('daemon-reexec');
    expect(trySystemctl('restart', etcd.unit).status).not.toBe(0);
    expect(await supervisor.look(signal)).toMatchObject({ state: 'stopped' });
    const hold = `/etc/systemd/system/${etcd.unit}.d/zz-etcd-caretaker-hold.conf`;
    expect(existsSync(hold)).toBe(true);
    // Again, as after a crash in between.
    await supervisor.stop(signal);

    // A new agent, which knows nothing of the old one.
    await using next = systemdSupervisor({ unit: etcd.unit, stopGraceMs: 10_000 });
    await next.start({}, signal);
    await next.start({}, signal);
    expect(await next.look(signal)).toMatchObject({ state: 'running', adopted: false });
    expect(existsSync(hold)).toBe(false);
    await until('etcd is ready', () => systemctl('show', '--property=ActiveState', etcd.unit).includes('=active'));
  });

  it('kills what does not end within its grace, also when it is paused', async () => {
    const unit = `deaf${count++}.service`;
    units.push(unit);
    await writeFile('/usr/local/bin/etcd', `#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 0.1; done\n`, { mode: 0o755 });
    writeUnit(unit, ['[Service]', 'ExecStart=/usr/local/bin/etcd', 'Restart=always', 'TimeoutStopSec=600']);
    await using supervisor = systemdSupervisor({ unit, stopGraceMs: 500 });
    await supervisor.start({}, signal);
    process.kill(await pidOf(supervisor), 'SIGSTOP');
    await supervisor.stop(signal);
    expect(await supervisor.look(signal)).toMatchObject({ state: 'stopped', end: { how: 'SIGKILL' } });
  });

  it('a unit on which systemd has given up can be started nevertheless', async () => {
    const limits = ['StartLimitIntervalSec=1000', 'StartLimitBurst=3'];
    const { etcd, supervisor, ends } = await running(['Restart=always', 'RestartSec=100ms'], limits);
    await using _ = supervisor;
    const kill = async () => {
      const pid = await pidOf(supervisor);
      if (pid > 0) process.kill(pid, 'SIGKILL');
      return systemctl('show', '--property=SubState', etcd.unit).includes('=failed');
    };
    await until('systemd gives up', kill);
    await until('that is told', () => ends.length > 0);
    await supervisor.start({}, signal);
    await until('etcd is ready', () => systemctl('show', '--property=ActiveState', etcd.unit).includes('=active'));
  });
});
