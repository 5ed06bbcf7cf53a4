import { describe, expect, it } from 'vitest';
import { isCollectorOn } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import { load, minimal } from './loading.ts';

const flags = { 'member.name': 'a', 'member.dataDir': '/d' };

describe('a configuration', () => {
  it('needs only the name of the member and its data directory', async () => {
    const { config } = await loadConfig({ env: {}, flags });
    expect(config.member).toEqual({
      name: 'a',
      endpoint: 'http://127.0.0.1:2379',
      dataDir: '/d',
      walDir: '/d/member/wal',
      metricsUrl: 'http://127.0.0.1:2379/metrics',
      role: 'default',
    });
    expect(config.expose.listen).toEqual({ host: '127.0.0.1', port: 9379, isLoopback: true });
    expect(config.cluster.endpoints).toEqual(['http://127.0.0.1:2379']);
  });

  it('has durations in ms and sizes in bytes, with the unit in the name', async () => {
    const { config } = await load({
      yaml: `${minimal}observe: {interval: 1m30s, keyspace: {pageSize: 65536, scanner: never}}\ncluster: {client: {maxMessageSize: 32MiB, dialTimeout: 250ms}}\n`,
    });
    expect(config.observe.intervalMs).toBe(90_000);
    expect(config.observe.keyspace.pageBytes).toBe(65_536);
    expect(config.observe.keyspace.scanner).toBe('never');
    expect(config.cluster.client).toMatchObject({ maxMessageBytes: 33_554_432, dialTimeoutMs: 250 });
  });

  it('takes the file over the default, the environment over the file, and the flag over all', async () => {
    const yaml = `${minimal}observe:\n  interval: 20s\n`;
    const env = { ETCD_CARETAKER_OBSERVE__INTERVAL: '30s' };
    const set = { 'observe.interval': '40s' };
    const origin = async (given: Parameters<typeof load>[0]) => {
      const { config, origins } = await load(given);
      return [config.observe.intervalMs, origins.get('observe.interval')];
    };
    expect(await origin({})).toEqual([10_000, 'default']);
    expect(await origin({ yaml })).toEqual([20_000, { file: expect.stringMatching(/agent\.yaml$/), line: 5 }]);
    expect(await origin({ yaml, env })).toEqual([30_000, { env: 'ETCD_CARETAKER_OBSERVE__INTERVAL' }]);
    expect(await origin({ yaml, env, flags: set })).toEqual([40_000, { flag: '--set observe.interval' }]);
  });

  it('takes the last of several flags for one key', async () => {
    const { config } = await load({
      flags: [
        ['log.level', 'debug'],
        ['log.level', 'warn'],
      ],
    });
    expect(config.log.level).toBe('warn');
  });

  it('derives what is left out from other keys, and says from which', async () => {
    const { config, origins } = await load({
      yaml: `${minimal}  endpoint: https://[fd00::1]:2379/\nobserve: {interval: 4s}\n`,
    });
    expect(config.member.metricsUrl).toBe('https://[fd00::1]:2379/metrics');
    expect(config.observe.deadlineMs).toBe(2000);
    expect(origins.get('observe.deadline')).toEqual({ derivedFrom: 'observe.interval' });
    expect(origins.get('member.walDir')).toEqual({ derivedFrom: 'member.dataDir' });
  });

  it('keeps what is set instead of deriving it', async () => {
    const { config } = await load({ yaml: `${minimal}  walDir: /wal\n  metricsUrl: http://127.0.0.1:2381/metrics\n` });
    expect(config.member).toMatchObject({ walDir: '/wal', metricsUrl: 'http://127.0.0.1:2381/metrics' });
  });

  it('does not have the keys that are optional and not set', async () => {
    const { config, origins } = await load({});
    expect(config.cluster.tls).toEqual({});
    expect('advertise' in config.expose).toBe(false);
    expect(origins.has('cluster.tls.ca')).toBe(false);
  });

  it('leaves out the keyspace in the profile edge', async () => {
    const { config } = await load({ env: { ETCD_CARETAKER_PROFILE: 'edge' } });
    expect([isCollectorOn(config, 'keyspace'), isCollectorOn(config, 'wal')]).toEqual([false, true]);
  });

  it('can switch off any collector but those of the status', async () => {
    const { config } = await load({ yaml: `${minimal}observe: {collectors: {fsync-probe: false}}` });
    expect([isCollectorOn(config, 'fsync-probe'), isCollectorOn(config, 'member')]).toEqual([false, true]);
  });

  it('takes IPv6 endpoints in a list, in the file and in the environment', async () => {
    const endpoints = ['https://[fd00::1]:2379', 'https://[fd00::2]:2379'];
    const fromFile = await load({
      yaml: `${minimal}cluster:\n  endpoints:\n    - https://[fd00::1]:2379\n    - https://[fd00::2]:2379/\n`,
    });
    expect(fromFile.config.cluster.endpoints).toEqual(endpoints);
    const fromEnv = await load({ env: { ETCD_CARETAKER_CLUSTER__ENDPOINTS: endpoints.join(', ') } });
    expect(fromEnv.config.cluster.endpoints).toEqual(endpoints);
  });

  it('puts the socket where the user may write, under the name of the member', async () => {
    const { config } = await load({ flags: { 'member.name': 'node/1 x' }, env: { XDG_RUNTIME_DIR: '/run/user/7' } });
    expect(config.expose.socket).toMatch(/\/etcd-caretaker\/node_1_x\.sock$/);
  });

  it('takes booleans, numbers and text from the environment', async () => {
    const { config } = await load({
      env: {
        ETCD_CARETAKER_OBSERVE__COLLECTORS__FSYNC_PROBE: 'false',
        ETCD_CARETAKER_OBSERVE__KEYSPACE__TOP_K: '7',
        ETCD_CARETAKER_MEMBER__NAME: '12',
        ETCD_CARETAKER_OBSERVE__KEYSPACE__PAGE_SIZE: '131072',
      },
    });
    expect(config.observe.collectors['fsync-probe']).toBe(false);
    expect(config.observe.keyspace).toMatchObject({ topK: 7, pageBytes: 131_072 });
    expect(config.member.name).toBe('12');
  });
});
