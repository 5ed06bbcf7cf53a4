import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scriptedSystemctl } from './scripted-systemctl.ts';

const { signal } = new AbortController();
const unitText = '[Service]\nExecStart=/usr/bin/etcd --name=a --discovery=https://x\n';
const stopped = { ActiveState: 'inactive', SubState: 'dead', MainPID: '0', ExecMainStartTimestampMonotonic: '0' };
const running = {
  ActiveState: 'active',
  SubState: 'running',
  MainPID: '4711',
  InvocationID: 'one',
  ExecMainStartTimestampMonotonic: '17',
};

describe('what is asked of systemctl, seen by a scripted stand-in (a real systemd: npm run test:systemd)', () => {
  it('a start writes its drop-in, reads the units anew and starts without waiting', async () => {
    using systemctl = scriptedSystemctl(unitText);
    systemctl.shows(stopped);
    systemctl.showsAfter('start', running);
    await using supervisor = systemctl.supervisor();
    await supervisor.start({}, signal);
    expect(systemctl.calls()).toEqual(['daemon-reload', 'reset-failed etcd.service', 'start --no-block etcd.service']);
    const dropIn = readFileSync(join(systemctl.folder, 'run/etcd.service.d/zz-etcd-caretaker.conf'), 'utf8');
    expect(dropIn).toContain(
      'ExecStart=\nExecStart=/usr/bin/etcd --name=a --discovery=https://x --initial-cluster-state=existing --discovery=\n',
    );
    expect(await supervisor.look(signal)).toEqual({ state: 'running', pid: 4711, adopted: false });
  });

  it('a start of what runs asks for nothing', async () => {
    using systemctl = scriptedSystemctl(unitText);
    systemctl.shows(running);
    await using supervisor = systemctl.supervisor();
    await supervisor.start({}, signal);
    expect(systemctl.calls()).toEqual([]);
    expect(await supervisor.look(signal)).toEqual({ state: 'running', pid: 4711, adopted: true });
  });

  it('a stop holds the unit before it stops it, and kills it after its grace', async () => {
    using systemctl = scriptedSystemctl(unitText);
    systemctl.shows(running);
    systemctl.showsAfter('kill', { ...stopped, ExecMainCode: '2', ExecMainStatus: '9' });
    await using supervisor = systemctl.supervisor({ stopGraceMs: 10 });
    await supervisor.stop(signal);
    const kill = 'kill --signal=SIGKILL etcd.service';
    expect(systemctl.calls()).toEqual(['daemon-reload', 'stop --no-block etcd.service', kill]);
    const hold = join(systemctl.folder, 'lasting/etcd.service.d/zz-etcd-caretaker-hold.conf');
    expect(readFileSync(hold, 'utf8')).toContain(`[Unit]\nAssertPathExists=!${hold}\n`);
    expect(await supervisor.look(signal)).toMatchObject({ state: 'stopped', end: { how: 'SIGKILL', cause: 'killed' } });
    systemctl.showsAfter('start', { ...running, ExecMainStartTimestampMonotonic: '18' });
    await supervisor.start({}, signal);
    expect(existsSync(hold)).toBe(false);
  });

  it.each([
    ['Failed to start etcd.service: Access denied', 'SUPERVISE_NO_RIGHT'],
    ['Failed to start etcd.service: Interactive authentication required.', 'SUPERVISE_NO_RIGHT'],
    ['Failed to start etcd.service: Unit etcd.service is masked.', 'SUPERVISE_UNIT_MASKED'],
    ['Failed to start etcd.service: Unit etcd.service has a bad unit file setting.', 'SUPERVISE_UNIT_BAD'],
    ['Failed to start etcd.service: Unit etcd.service not found.', 'SUPERVISE_UNIT_UNKNOWN'],
    [
      "System has not been booted with systemd as init system (PID 1). Can't operate.\nFailed to connect to bus: Host is down",
      'SUPERVISE_NO_SYSTEMD',
    ],
    ['Something that nobody has ever said', 'SUPERVISE_SYSTEMCTL_FAILED'],
  ])('what systemctl says is explained: %s', async (says, code) => {
    using systemctl = scriptedSystemctl(unitText);
    systemctl.shows(stopped);
    systemctl.fails('start', says);
    await using supervisor = systemctl.supervisor();
    const failure = supervisor.start({}, signal);
    await expect(failure).rejects.toMatchObject({ code, remedy: expect.any(String) });
  });

  it('a machine without systemctl is said, and nothing of the process is claimed', async () => {
    using systemctl = scriptedSystemctl(unitText);
    await using supervisor = systemctl.supervisor({ places: { systemctl: join(systemctl.folder, 'nowhere') } });
    await expect(supervisor.stop(signal)).rejects.toMatchObject({ code: 'SUPERVISE_NO_SYSTEMCTL' });
    expect(await supervisor.look(signal)).toMatchObject({ state: 'unknown' });
  });

  it('an end is told once systemd has started etcd again, with how it was', async () => {
    using systemctl = scriptedSystemctl(unitText);
    systemctl.shows(running);
    await using supervisor = systemctl.supervisor();
    await supervisor.start({}, signal);
    const told = Promise.withResolvers<unknown>();
    supervisor.onEnd(told.resolve);
    systemctl.shows({ ...stopped, ActiveState: 'failed', ExecMainCode: '1', ExecMainStatus: '2' });
    expect(await told.promise).toMatchObject({ how: 'exit code 2', cause: 'unknown' });
  });

  it('a start that stays queued is given up with what to look at', async () => {
    using systemctl = scriptedSystemctl(unitText);
    systemctl.shows({ ...stopped, Job: '17' });
    await using supervisor = systemctl.supervisor({ startWithinMs: 300 });
    const refused = { code: 'SUPERVISE_START_FAILED', remedy: expect.stringContaining('list-jobs') };
    await expect(supervisor.start({}, signal)).rejects.toMatchObject(refused);
  });

  it('a wait ends with its signal', async () => {
    using systemctl = scriptedSystemctl(unitText);
    systemctl.shows(running);
    await using supervisor = systemctl.supervisor();
    await expect(supervisor.stop(AbortSignal.timeout(200))).rejects.toThrow();
  });
});
