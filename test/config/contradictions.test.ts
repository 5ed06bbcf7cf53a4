import { describe, expect, it } from 'vitest';
import { linesOf, load, minimal, problemsOf } from './loading.ts';

const tls = 'tls: {cert: /c, key: /k}';

describe('what contradicts itself', () => {
  it.each([
    ['expose: {tls: {cert: /c}}', 'expose.tls.cert', 'it is set without expose.tls.key'],
    ['expose: {tls: {key: /k}}', 'expose.tls.key', 'it is set without expose.tls.cert'],
    ['expose: {tls: {clientCa: /ca}}', 'expose.tls.clientCa', 'it is set without expose.tls.cert'],
    ['cluster: {peerTls: {cert: /c}}', 'cluster.peerTls.cert', 'it is set without cluster.peerTls.key'],
    ['cluster: {auth: {username: root}}', 'cluster.auth.username', 'it is set without cluster.auth.passwordFile'],
    ['cluster: {auth: {passwordFile: /p}}', 'cluster.auth.passwordFile', 'it is set without cluster.auth.username'],
    ['cluster: {tls: {ca: /ca}}', 'cluster.tls.ca', 'it is set, but every endpoint begins with http://'],
    ['observe: {deadline: 10s}', 'observe.deadline', '10s is not less than observe.interval (10s)'],
    ['observe: {peers: {timeout: 20s}}', 'observe.peers.timeout', '20s is not less than observe.peers.interval (10s)'],
    [
      'observe: {keyspace: {pageSize: 64MiB}}',
      'observe.keyspace.pageSize',
      '64MiB is not less than cluster.client.maxMessageSize (64MiB)',
    ],
    [
      'profile: edge\nobserve: {collectors: {keyspace: true}}',
      'observe.collectors.keyspace',
      'it is true, but the profile edge leaves the keyspace out',
    ],
  ])('%s', async (yaml, key, message) => {
    expect(await problemsOf(load({ yaml: `${minimal}${yaml}\n` }))).toMatchObject([
      { code: 'CONTRADICTION', key, message },
    ]);
  });

  it('is shown with the place of the key, or the variable', async () => {
    const [line = ''] = await linesOf({ env: { ETCD_CARETAKER_OBSERVE__DEADLINE: '1m' } });
    expect(line).toBe(
      'ETCD_CARETAKER_OBSERVE__DEADLINE: observe.deadline: 1m is not less than observe.interval (10s); a collector must have ended before the next round begins',
    );
  });
});

describe('a listener that other machines can reach', () => {
  it.each(['0.0.0.0:9379', '"[::]:9379"', '10.0.0.1:9379', 'node-1:9379'])(
    'is refused on %s without protection',
    async (listen) => {
      const [line = ''] = await linesOf({ yaml: `${minimal}expose: {listen: ${listen}}\n` });
      expect(line).toBe(
        'agent.yaml:4: expose.listen: other machines can reach it, but it is not protected; set expose.tls.cert and expose.tls.key, and expose.auth.tokenFile or expose.tls.clientCa; or listen on 127.0.0.1',
      );
    },
  );

  it('is refused with a token but without TLS, and with TLS but open to everybody', async () => {
    const listen = 'listen: 0.0.0.0:9379';
    const hints = await Promise.all(
      [`{${listen}, auth: {tokenFile: /t}}`, `{${listen}, ${tls}}`].map(async (expose) => {
        return (await problemsOf(load({ yaml: `${minimal}expose: ${expose}\n` })))[0]?.hint;
      }),
    );
    expect(hints).toEqual([
      'set expose.tls.cert and expose.tls.key; or listen on 127.0.0.1',
      'set expose.auth.tokenFile or expose.tls.clientCa; or listen on 127.0.0.1',
    ]);
  });

  it.each([`${tls}, auth: {tokenFile: /t}`, 'tls: {cert: /c, key: /k, clientCa: /ca}'])(
    'is accepted with %s',
    async (protection) => {
      const { config } = await load({ yaml: `${minimal}expose: {listen: 0.0.0.0:9379, ${protection}}\n` });
      expect(config.expose.listen.isLoopback).toBe(false);
    },
  );
});

describe('what only looks like a contradiction', () => {
  it.each([
    'observe: {interval: 1s}',
    'observe: {interval: 1h}',
    'cluster: {tls: {ca: /ca}, endpoints: ["https://a:1"]}',
    'profile: edge',
    'profile: edge\nobserve: {collectors: {keyspace: false}}',
    'expose: {listen: "[::1]:0"}',
  ])('%s is accepted', async (yaml) => {
    await expect(load({ yaml: `${minimal}${yaml}\n` })).resolves.toBeDefined();
  });

  it('an endpoint with https needs no CA: those of the system are asked', async () => {
    await expect(load({ yaml: `${minimal}  endpoint: https://a:2379\n` })).resolves.toBeDefined();
  });
});
