import { backupContradictions } from './contradictions/backup.ts';
import { superviseContradictions } from './contradictions/supervise.ts';

/** Keys that do not go together. */
export interface Contradiction {
  /** The key that is to be changed, most likely. */
  readonly key: string;
  readonly message: string;
  readonly hint: string;
}

/** The checked values by path. */
export type Values = ReadonlyMap<string, unknown>;

/** Both or neither. */
const pairs: readonly (readonly [string, string])[] = [
  ['cluster.tls.cert', 'cluster.tls.key'],
  ['cluster.peerTls.cert', 'cluster.peerTls.key'],
  ['expose.tls.cert', 'expose.tls.key'],
  ['cluster.auth.username', 'cluster.auth.passwordFile'],
  ['backup.s3.accessKeyIdFile', 'backup.s3.secretAccessKeyFile'],
];

/** The first must be shorter, or smaller, than the second. */
const orders: readonly (readonly [string, string, string])[] = [
  ['observe.deadline', 'observe.interval', 'a collector must have ended before the next round begins'],
  ['observe.peers.timeout', 'observe.peers.interval', 'a probe must have ended before the next one begins'],
  ['observe.canary.slowAfter', 'observe.canary.timeout', 'what is slow must still be waited for'],
  ['observe.keyspace.pageSize', 'cluster.client.maxMessageSize', 'a page must fit into a message'],
];

function* unpaired(values: Values): Generator<Contradiction> {
  for (const [one, other] of pairs) {
    if (values.has(one) === values.has(other)) continue;
    const [set, missing] = values.has(one) ? [one, other] : [other, one];
    yield { key: set, message: `it is set without ${missing}`, hint: `set ${missing} too, or neither` };
  }
  if (values.has('expose.tls.clientCa') && !values.has('expose.tls.cert')) {
    const hint = 'client certificates need TLS: set expose.tls.cert and expose.tls.key too';
    yield { key: 'expose.tls.clientCa', message: 'it is set without expose.tls.cert', hint };
  }
}

function* outOfOrder(values: Values, asWritten: (path: string) => string): Generator<Contradiction> {
  for (const [small, large, reason] of orders) {
    const [smaller, larger] = [values.get(small), values.get(large)];
    if (typeof smaller !== 'number' || typeof larger !== 'number' || smaller < larger) continue;
    const message = `${asWritten(small)} is not less than ${large} (${asWritten(large)})`;
    yield { key: small, message, hint: reason };
  }
}

function* openToTheWorld(values: Values): Generator<Contradiction> {
  const listen = values.get('expose.listen');
  if (typeof listen !== 'object' || listen === null || !('isLoopback' in listen) || listen.isLoopback === true) return;
  const missing: string[] = [];
  if (!values.has('expose.tls.cert')) missing.push('expose.tls.cert and expose.tls.key');
  if (!values.has('expose.auth.tokenFile') && !values.has('expose.tls.clientCa')) {
    missing.push('expose.auth.tokenFile or expose.tls.clientCa');
  }
  if (missing.length === 0) return;
  const message = 'other machines can reach it, but it is not protected';
  yield { key: 'expose.listen', message, hint: `set ${missing.join(', and ')}; or listen on 127.0.0.1` };
}

function* tlsThatIsNotUsed(values: Values): Generator<Contradiction> {
  const used = [values.get('member.endpoint'), values.get('cluster.endpoints'), values.get('member.metricsUrl')];
  if (used.flat().some((url) => typeof url === 'string' && url.startsWith('https:'))) return;
  for (const key of ['cluster.tls.ca', 'cluster.tls.cert', 'cluster.tls.serverName']) {
    if (!values.has(key)) continue;
    const hint = 'begin member.endpoint with https://, or leave cluster.tls out';
    yield { key, message: 'it is set, but every endpoint begins with http://', hint };
    return;
  }
}

function* edgeWithKeyspace(values: Values): Generator<Contradiction> {
  if (values.get('profile') !== 'edge' || values.get('observe.collectors.keyspace') !== true) return;
  const hint = 'leave one of the two out';
  yield {
    key: 'observe.collectors.keyspace',
    message: 'it is true, but the profile edge leaves the keyspace out',
    hint,
  };
}

/**
 * Everything that contradicts itself. `values` holds the checked values by path, durations in ms and sizes in bytes;
 * `asWritten` shows one as somebody wrote it.
 */
export function findContradictions(values: Values, asWritten: (path: string) => string): Contradiction[] {
  return [
    ...unpaired(values),
    ...outOfOrder(values, asWritten),
    ...openToTheWorld(values),
    ...tlsThatIsNotUsed(values),
    ...edgeWithKeyspace(values),
    ...backupContradictions(values),
    ...superviseContradictions(values),
  ];
}
