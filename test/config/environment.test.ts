import { describe, expect, it } from 'vitest';
import { keyTable } from '../../src/config/keys.ts';
import { linesOf, load } from './loading.ts';

describe('an environment variable', () => {
  it('that no key belongs to is refused by its name', async () => {
    expect(await linesOf({ env: { ETCD_CARETAKER_FOO__BAR: 'x' } })).toEqual([
      'ETCD_CARETAKER_FOO__BAR: no key belongs to this variable in this version; allowed: ETCD_CARETAKER_SECTION__KEY as in docs/configuration.md; a section and a key are joined by two underscores',
    ]);
  });

  it.each([
    ['ETCD_CARETAKER_MEMBER__DATADIR', 'ETCD_CARETAKER_MEMBER__DATA_DIR'],
    ['ETCD_CARETAKER_MEMBER__ENDPIONT', 'ETCD_CARETAKER_MEMBER__ENDPOINT'],
    ['ETCD_CARETAKER_OBSERVE__TOP_K', 'ETCD_CARETAKER_OBSERVE__KEYSPACE__TOP_K'],
    ['ETCD_CARETAKER_OBSERVE__FSYNCPROBE__INTERVAL', 'ETCD_CARETAKER_OBSERVE__FSYNC_PROBE__INTERVAL'],
  ])('%s may be meant as %s', async (name, meant) => {
    const [line = ''] = await linesOf({ env: { [name]: 'x' } });
    expect(line).toContain(`did you mean ${meant}?`);
  });

  it('that holds a password is refused without showing it', async () => {
    const [line = ''] = await linesOf({ env: { ETCD_CARETAKER_CLUSTER__AUTH__PASSWORD: 'hunter2' } });
    expect(line).toContain('secrets are never written here');
    expect(line).not.toContain('hunter2');
  });

  it.each([
    ['ETCD_CARETAKER_OBSERVE__INTERVAL', '10', 'observe.interval: it has no unit; found "10"'],
    [
      'ETCD_CARETAKER_OBSERVE__KEYSPACE__TOP_K',
      'many',
      'observe.keyspace.topK: it is not a whole number; found "many"',
    ],
    [
      'ETCD_CARETAKER_OBSERVE__KEYSPACE__TOP_K',
      '0x10',
      'observe.keyspace.topK: it is not a whole number; found "0x10"',
    ],
    ['ETCD_CARETAKER_OBSERVE__COLLECTORS__WAL', '1', 'observe.collectors.wal: it is neither true nor false; found "1"'],
    ['ETCD_CARETAKER_CLUSTER__ENDPOINTS', 'http://a:1,,', 'cluster.endpoints[1]: it does not begin with'],
    ['ETCD_CARETAKER_PROFILE', '', 'profile: its value is empty; allowed: default or edge; leave it out'],
  ])('%s=%s is refused: %s', async (name, value, problem) => {
    const [line = ''] = await linesOf({ env: { [name]: value } });
    expect(line).toContain(`${name}: ${problem}`);
  });

  it('that a command reads, or that is not ours, is left alone', async () => {
    const env = {
      ETCD_CARETAKER_AGENT: 'http://127.0.0.1:9379',
      ETCD_CARETAKER_STORE: 'file:///b',
      ETCD_CARETAKER_TOKEN: 't',
      ETCD_CARETAKER_TOKEN_FILE: '/t',
      ETCD_CARETAKERS: 'x',
      ETCD_NAME: 'x',
    };
    await expect(load({ env })).resolves.toBeDefined();
  });

  it('that Kubernetes makes for a service of our name is left alone', async () => {
    const env = {
      ETCD_CARETAKER_SERVICE_HOST: '10.0.0.1',
      ETCD_CARETAKER_SERVICE_PORT: '9379',
      ETCD_CARETAKER_SERVICE_PORT_METRICS: '9379',
      ETCD_CARETAKER_PORT: 'tcp://10.0.0.1:9379',
      ETCD_CARETAKER_PORT_9379_TCP: 'tcp://10.0.0.1:9379',
      ETCD_CARETAKER_PORT_9379_TCP_ADDR: '10.0.0.1',
      ETCD_CARETAKER_METRICS_SERVICE_HOST: '10.0.0.1',
    };
    await expect(load({ env })).resolves.toBeDefined();
  });

  it('belongs to one key only', () => {
    const names = [...keyTable().keys.values()].map(({ env }) => env);
    expect(new Set(names).size).toBe(names.length);
  });
});
