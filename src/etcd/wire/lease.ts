import { type Method, pathOf } from './method.ts';
import { WireReader } from './reader.ts';
import { WireWriter } from './writer.ts';

/** Lease.LeaseKeepAlive, a stream both ways on which one request is sent; the reply is the TTL left, in seconds, 0 when it is gone. */
export const LEASE_KEEP_ALIVE: Method<{ readonly id: bigint }, number> = {
  name: 'LeaseKeepAlive',
  path: pathOf('Lease', 'LeaseKeepAlive'),
  readOnly: false,
  encode: ({ id }) => new WireWriter().integer(1, id).finish(),
  decode: decodeTtl,
};

/** What was granted: etcd chooses the id, and raises a TTL that is too short. */
export interface GrantedLease {
  readonly id: bigint;
  readonly ttlSeconds: number;
}

/** Lease.LeaseGrant. */
export const LEASE_GRANT: Method<{ readonly ttlSeconds: number; readonly id?: bigint | undefined }, GrantedLease> = {
  name: 'LeaseGrant',
  path: pathOf('Lease', 'LeaseGrant'),
  readOnly: false,
  encode: ({ ttlSeconds, id }) => new WireWriter().integer(1, ttlSeconds).integer(2, id).finish(),
  decode: (reply) => {
    const reader = new WireReader(reply);
    const end = reader.length;
    let granted: GrantedLease = { id: 0n, ttlSeconds: 0 };
    for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
      if (tag === 0x10) granted = { ...granted, id: reader.int64() };
      else if (tag === 0x18) granted = { ...granted, ttlSeconds: reader.number() };
      else reader.skip(tag);
    }
    return granted;
  },
};

/** Lease.LeaseRevoke; the reply is empty, and `true` stands for it. */
export const LEASE_REVOKE: Method<{ readonly id: bigint }, true> = {
  name: 'LeaseRevoke',
  path: pathOf('Lease', 'LeaseRevoke'),
  readOnly: false,
  encode: ({ id }) => new WireWriter().integer(1, id).finish(),
  decode: () => true,
};

/** What is known of a lease; where there is none, nothing was granted and -1 is left. */
export interface LeaseTimes {
  /** As it was granted, in seconds. */
  readonly grantedTtlSeconds: number;
  /** What is left of it, in seconds. */
  readonly ttlSeconds: number;
}

/** Lease.LeaseTimeToLive. */
export const LEASE_TIME_TO_LIVE: Method<{ readonly id: bigint }, LeaseTimes> = {
  name: 'LeaseTimeToLive',
  path: pathOf('Lease', 'LeaseTimeToLive'),
  readOnly: true,
  encode: ({ id }) => new WireWriter().integer(1, id).finish(),
  decode: (reply) => {
    const reader = new WireReader(reply);
    const end = reader.length;
    let times: LeaseTimes = { grantedTtlSeconds: 0, ttlSeconds: 0 };
    for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
      if (tag === 0x18) times = { ...times, ttlSeconds: reader.number() };
      else if (tag === 0x20) times = { ...times, grantedTtlSeconds: reader.number() };
      else reader.skip(tag);
    }
    return times;
  },
};

function decodeTtl(reply: Buffer): number {
  const reader = new WireReader(reply);
  const end = reader.length;
  let ttlSeconds = 0;
  for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
    if (tag === 0x18) ttlSeconds = reader.number();
    else reader.skip(tag);
  }
  return ttlSeconds;
}
