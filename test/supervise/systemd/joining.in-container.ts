import { existsSync, readFileSync, renameSync, statSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { systemdSupervisor } from '../../../src/supervise/systemd/systemd-supervisor.ts';
import type { EtcdLine } from '../../real/binaries.ts';
import {
  commandLine,
  etcdctl,
  makeUnit,
  removeUnit,
  systemctl,
  type UnitOfEtcd,
  unitForms,
  until,
} from './etcd-units.ts';

const signal = AbortSignal.timeout(600_000);
const lines: readonly EtcdLine[] = ['3.5', '3.4'];
/** A unit as it was written for another cluster, long ago. */
const stale = {
  'initial-cluster-state': 'new',
  'initial-cluster-token': 'of-another-cluster',
  'discovery-srv': 'nowhere.invalid',
};

const made: UnitOfEtcd[] = [];
afterEach(() => {
  for (const { unit } of made.splice(0)) removeUnit(unit);
});

let count = 0;
async function firstMember(line: EtcdLine): Promise<UnitOfEtcd> {
  const first = await makeUnit({ name: `first${count++}`, line, form: 'flags', begin: {} });
  made.push(first);
  systemctl('start', first.unit);
  return first;
}

for (const line of lines) {
  describe(`etcd ${line} as a unit of a real systemd`, () => {
    it.each(unitForms)('joins a cluster with what the plan says, whatever a unit of the form %s says', async (form) => {
      const first = await firstMember(line);
      const second = await makeUnit({ name: `second${count++}`, line, form, begin: stale });
      made.push(second);
      const before = existsSync(second.settingsFile) ? readFileSync(second.settingsFile, 'utf8') : '';
      etcdctl(line, first.clientUrl, 'member', 'add', second.name, '--learner', `--peer-urls=${second.peerUrl}`);
      await using supervisor = systemdSupervisor({ unit: second.unit, stopGraceMs: 10_000 });
      const members = [first, second].map(({ name, peerUrl }) => ({ name, peerUrl }));

      await supervisor.start({ initial: { state: 'existing', members, token: 'any' } }, signal);

      await until('the second member is started and in the list', () => {
        const list = etcdctl(line, first.clientUrl, 'member', 'list');
        return list.includes(`started, ${second.name}`);
      });
      // Plain from now on: with data, and after a stop that holds it.
      await supervisor.stop(signal);
      expect(await supervisor.look(signal)).toMatchObject({ state: 'stopped' });
      await supervisor.start({}, signal);
      await until('the member has caught up again', () => {
        const status = JSON.parse(etcdctl(line, second.clientUrl, 'endpoint', 'status', '-w', 'json'));
        return status[0].Status.isLearner === true && status[0].Status.leader !== 0;
      });
      expect(await supervisor.look(signal)).toMatchObject({ state: 'running', adopted: false });

      // Its data are gone, and anybody starts it: it does not begin a cluster of its own.
      await supervisor.stop(signal);
      renameSync(second.dataDir, `${second.dataDir}.gone`);
      await mkdir(second.dataDir, { mode: 0o777 });
      const ended = Promise.withResolvers<string>();
      supervisor.onEnd(({ how }) => ended.resolve(how));
      await supervisor.start({}, signal);
      expect(await ended.promise).toBe('exit code 1');
      expect(await readdir(second.dataDir)).not.toContain('member/wal');
      // What belongs to people is as it was.
      if (before !== '') {
        expect(readFileSync(second.settingsFile, 'utf8')).toBe(before);
        expect(statSync(second.settingsFile).mode & 0o777).toBe(0o640);
      }
    });
  });
}

describe('what a unit of a real systemd is started with', () => {
  it('a configuration file keeps its comments, owner and mode in the copy', async () => {
    const alone = await makeUnit({ name: `alone${count++}`, line: '3.5', form: 'config-file', begin: stale });
    made.push(alone);
    await using supervisor = systemdSupervisor({ unit: alone.unit, stopGraceMs: 10_000 });
    const members = [{ name: alone.name, peerUrl: alone.peerUrl }];

    await supervisor.start({ initial: { state: 'new', members, token: 'fresh' } }, signal);

    await until(
      'it is healthy',
      () => etcdctl('3.5', alone.clientUrl, 'endpoint', 'health').includes('is healthy') || true,
    );
    const state = await supervisor.look(signal);
    const words = state.state === 'running' ? commandLine(state.pid ?? 0) : [];
    const copy = `/run/etcd-caretaker/${alone.unit}/etcd.conf.yml`;
    expect(words.at(-1)).toBe(`--config-file=${copy}`);
    const [of, own] = [statSync(alone.settingsFile), statSync(copy)];
    expect([own.mode, own.uid, own.gid]).toEqual([of.mode, of.uid, of.gid]);
    expect(readFileSync(copy, 'utf8')).toContain(`# the settings of ${alone.name}`);
    expect(readFileSync(copy, 'utf8')).toContain('# data-dir');
    expect(readFileSync(copy, 'utf8')).not.toContain('discovery');
  });

  it('a member that waits for a quorum counts as started, and systemd does not end it', async () => {
    const waiting = await makeUnit({
      name: `waiting${count++}`,
      line: '3.5',
      form: 'environment-file',
      begin: {},
      service: ['Restart=no', 'TimeoutStartSec=1s'],
    });
    made.push(waiting);
    await using supervisor = systemdSupervisor({ unit: waiting.unit, stopGraceMs: 10_000 });
    const members = [
      { name: waiting.name, peerUrl: waiting.peerUrl },
      { name: 'nobody', peerUrl: 'http://127.0.0.1:1' },
    ];

    await supervisor.start({ initial: { state: 'new', members, token: 'fresh' } }, signal);

    await until('three seconds of it have gone by', () => {
      const age = /ExecMainStartTimestampMonotonic=(\d+)/.exec(
        systemctl('show', '--property=ExecMainStartTimestampMonotonic', waiting.unit),
      )?.[1];
      return process.hrtime.bigint() / 1000n - BigInt(age ?? '0') > 3_000_000n;
    });
    expect(systemctl('show', '--property=SubState', waiting.unit)).toBe('SubState=start\n');
    expect(await supervisor.look(signal)).toMatchObject({ state: 'running' });
  });
});
