import { describe, expect, it } from 'vitest';
import { derive, runtimeDirectory } from '../../src/config/derive.ts';

const user = { env: { XDG_RUNTIME_DIR: '/run/user/7' }, uid: 7 };

describe('the folder of the sockets', () => {
  it.each([
    [{ env: {}, uid: 0 }, '/run/etcd-caretaker'],
    [user, '/run/user/7/etcd-caretaker'],
    [{ env: {}, uid: 7 }, '/tmp/etcd-caretaker-7'],
    [{ env: { XDG_RUNTIME_DIR: 'relative' }, uid: 7 }, '/tmp/etcd-caretaker-7'],
  ])('for %j is %s', (surroundings, folder) => {
    expect(runtimeDirectory(surroundings)).toBe(folder);
  });
});

describe('a value that was left out', () => {
  it('follows from another key', () => {
    const values = new Map<string, unknown>([
      ['member.name', '../a'],
      ['member.dataDir', '/data/'],
      ['observe.interval', 3001],
    ]);
    expect(derive(values, user)).toEqual(
      new Map([
        ['member.walDir', { value: '/data/member/wal', from: 'member.dataDir' }],
        ['backup.lastGasp.dir', { value: '/data.last-gasp', from: 'member.dataDir' }],
        ['observe.deadline', { value: '1s500ms', from: 'observe.interval' }],
        ['expose.socket', { value: '/run/user/7/etcd-caretaker/.._a.sock', from: 'member.name' }],
        ['supervise.stateDir', { value: '/data.caretaker', from: 'member.dataDir' }],
        ['operate.pauseFile', { value: '/run/user/7/etcd-caretaker/.._a.pause', from: 'member.name' }],
      ]),
    );
  });

  it('is not derived where it is set, or where the other key is missing', () => {
    expect(derive(new Map([['member.walDir', '/wal']]), user)).toEqual(new Map());
  });
});
