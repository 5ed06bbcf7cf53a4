import { writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { systemdSupervisor } from '../../../src/supervise/systemd/systemd-supervisor.ts';
import { makeUnit, removeUnit, systemctl, writeUnit } from './etcd-units.ts';

const signal = AbortSignal.timeout(600_000);
const units: string[] = [];
afterEach(() => {
  for (const unit of units.splice(0)) removeUnit(unit);
});

describe('what a real systemd refuses is explained', () => {
  it('a unit that is not there', async () => {
    await using supervisor = systemdSupervisor({ unit: 'nowhere.service', stopGraceMs: 1000 });
    await expect(supervisor.start({}, signal)).rejects.toMatchObject({ code: 'SUPERVISE_UNIT_UNKNOWN' });
    await expect(supervisor.stop(signal)).rejects.toMatchObject({ code: 'SUPERVISE_UNIT_UNKNOWN' });
    expect(await supervisor.look(signal)).toMatchObject({ state: 'unknown' });
  });

  it('a unit that somebody has masked', async () => {
    const unit = 'masked.service';
    units.push(unit);
    systemctl('mask', unit);
    await using supervisor = systemdSupervisor({ unit, stopGraceMs: 1000 });
    await expect(supervisor.start({}, signal)).rejects.toMatchObject({ code: 'SUPERVISE_UNIT_MASKED' });
  });

  it('a unit that systemd cannot read', async () => {
    const unit = 'bad.service';
    units.push(unit);
    writeUnit(unit, ['[Service]', 'Type=notify']);
    await using supervisor = systemdSupervisor({ unit, stopGraceMs: 1000 });
    await expect(supervisor.start({}, signal)).rejects.toMatchObject({ code: 'SUPERVISE_UNIT_BAD' });
  });

  it('a unit whose condition does not hold, or that needs one that fails', async () => {
    units.push('unmet.service', 'needy.service', 'failing.service');
    writeUnit('unmet.service', ['ConditionPathExists=/nowhere', '[Service]', 'ExecStart=/usr/bin/etcd']);
    writeUnit('failing.service', ['[Service]', 'Type=oneshot', 'ExecStart=/bin/false']);
    writeUnit('needy.service', [
      'Requires=failing.service',
      'After=failing.service',
      '[Service]',
      'ExecStart=/usr/bin/etcd',
    ]);
    for (const unit of ['unmet.service', 'needy.service']) {
      await using supervisor = systemdSupervisor({ unit, stopGraceMs: 1000 });
      await expect(supervisor.start({}, signal)).rejects.toMatchObject({ code: 'SUPERVISE_START_FAILED' });
    }
  });

  it('an agent that is not root', async () => {
    const etcd = await makeUnit({ name: 'rights', line: '3.5', form: 'environment-file', begin: {} });
    units.push(etcd.unit);
    const asNobody = '/usr/local/bin/systemctl-as-nobody';
    writeFileSync(
      asNobody,
      '#!/bin/sh\nexec setpriv --reuid=65534 --regid=65534 --clear-groups systemctl --no-ask-password "$@"\n',
      {
        mode: 0o755,
      },
    );
    await using supervisor = systemdSupervisor({ unit: etcd.unit, stopGraceMs: 1000, places: { systemctl: asNobody } });
    expect(await supervisor.look(signal)).toEqual({ state: 'stopped' });
    await expect(supervisor.start({}, signal)).rejects.toMatchObject({ code: 'SUPERVISE_NO_RIGHT' });
  });

  it('a machine without systemd', async () => {
    const elsewhere = '/usr/local/bin/systemctl-elsewhere';
    writeFileSync(
      elsewhere,
      '#!/bin/sh\nexec unshare --mount sh -c \'mount -t tmpfs none /run; exec systemctl "$@"\' - "$@"\n',
      {
        mode: 0o755,
      },
    );
    await using supervisor = systemdSupervisor({
      unit: 'etcd.service',
      stopGraceMs: 1000,
      places: { systemctl: elsewhere },
    });
    await expect(supervisor.stop(signal)).rejects.toMatchObject({ code: 'SUPERVISE_NO_SYSTEMD' });
    expect(await supervisor.look(signal)).toMatchObject({ state: 'unknown' });
  });

  it('an unknown path of a configuration file, and a wrapper whose flags beat everything', async () => {
    units.push('opaque.service', 'variable.service', 'two.service');
    writeUnit('opaque.service', ['[Service]', 'ExecStart=/bin/sh -c "exec etcd --initial-cluster=a=http://b"']);
    writeUnit('variable.service', ['[Service]', 'ExecStart=/usr/bin/etcd --config-file=$WHERE/etcd.yml']);
    writeUnit('two.service', ['[Service]', 'Type=oneshot', 'ExecStart=/usr/bin/etcd', 'ExecStart=/usr/bin/etcd']);
    const codeOf = async (unit: string) => {
      await using supervisor = systemdSupervisor({ unit, stopGraceMs: 1000 });
      return supervisor.start({}, signal).catch((error: { code: string }) => error.code);
    };
    expect(await codeOf('opaque.service')).toBe('SUPERVISE_UNIT_OPAQUE');
    expect(await codeOf('two.service')).toBe('SUPERVISE_UNIT_OPAQUE');
    expect(await codeOf('variable.service')).toBe('SUPERVISE_CONFIG_FILE_UNKNOWN');
  });
});
