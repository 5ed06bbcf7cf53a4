import { describe, expect, it } from 'vitest';
import { etcdEnvironment } from '../../../src/supervise/child/etcd-environment.ts';
import { etcdFlags, type MemberPlace } from '../../../src/supervise/child/etcd-flags.ts';

const place: MemberPlace = {
  name: 'm1',
  dataDir: '/var/lib/etcd',
  endpoint: 'https://10.0.0.1:2379',
  peerUrl: 'https://10.0.0.1:2380',
};

describe('the flags of etcd', () => {
  it('follow from the member', () => {
    expect(etcdFlags(place, [], {})).toEqual([
      '--name=m1',
      '--data-dir=/var/lib/etcd',
      '--listen-client-urls=https://10.0.0.1:2379',
      '--advertise-client-urls=https://10.0.0.1:2379',
      '--listen-peer-urls=https://10.0.0.1:2380',
      '--initial-advertise-peer-urls=https://10.0.0.1:2380',
      '--logger=zap',
      '--log-outputs=stderr',
      '--initial-cluster-state=existing',
    ]);
  });

  it('are those of the configuration where it has them', () => {
    const args = [
      '--listen-client-urls=https://0.0.0.0:2379',
      '--logger=capnslog',
      '--client-cert-auth',
      '--quota-backend-bytes=1',
    ];
    const flags = etcdFlags(place, args, {});
    expect(flags.filter((flag) => flag.startsWith('--listen-client-urls'))).toEqual([args[0]]);
    expect(flags.filter((flag) => flag.startsWith('--logger'))).toEqual([args[1]]);
    expect(flags).toEqual(expect.arrayContaining(args));
  });

  it('name the WAL only where it is not in the data dir', () => {
    const walOf = (walDir: string) =>
      etcdFlags({ ...place, walDir }, [], {}).filter((flag) => flag.startsWith('--wal-dir'));
    expect(walOf('/var/lib/etcd/member/wal/')).toEqual([]);
    expect(walOf('/ssd/wal')).toEqual(['--wal-dir=/ssd/wal']);
  });

  it('begin or join a cluster as the plan says', () => {
    const members = [
      { name: 'm1', peerUrl: 'https://10.0.0.1:2380' },
      { name: 'm2', peerUrl: 'https://10.0.0.2:2380' },
    ];
    const flags = etcdFlags(place, [], { initial: { state: 'new', members, token: 'shop' } });
    expect(flags.slice(-3)).toEqual([
      '--initial-cluster=m1=https://10.0.0.1:2380,m2=https://10.0.0.2:2380',
      '--initial-cluster-state=new',
      '--initial-cluster-token=shop',
    ]);
  });

  it('cannot say where to listen from a name, and ask for it', () => {
    const named = { ...place, endpoint: 'https://etcd-0.shop:2379' };
    expect(() => etcdFlags(named, [], {})).toThrow('etcd-0.shop is a name');
    const flags = etcdFlags(named, ['--listen-client-urls=https://0.0.0.0:2379'], {});
    expect(flags).toContain('--advertise-client-urls=https://etcd-0.shop:2379');
    for (const endpoint of ['http://localhost:2379', 'http://[::1]:2379']) {
      expect(etcdFlags({ ...place, endpoint }, [], {})).toContain(`--listen-client-urls=${endpoint}`);
    }
  });
});

describe('the environment of etcd', () => {
  it('has nothing that would steer it, and no keys of others', () => {
    const env = {
      PATH: '/bin',
      GOMEMLIMIT: '1GiB',
      CARETAKER_DEMO_RUN: 'x',
      ETCD_UNSUPPORTED_ARCH: 'arm',
      ETCD_NAME: 'other',
      ETCD_CARETAKER_MEMBER__NAME: 'm1',
      AWS_SECRET_ACCESS_KEY: 'secret',
      NODE_OPTIONS: '--inspect',
    };
    const { ETCD_NAME: _, ETCD_CARETAKER_MEMBER__NAME: _1, AWS_SECRET_ACCESS_KEY: _2, NODE_OPTIONS: _3, ...kept } = env;
    expect(etcdEnvironment(env)).toEqual(kept);
  });
});
