import type { MemberClient } from './member-client.ts';

/**
 * Calls on leases that only who restores or backs up makes. They go through the `etcd3` package, which is loaded at the
 * first use.
 */

/** Grants a lease with this very id; gives the TTL that it has, which etcd raises where it is too short. Made once. */
export async function grantLeaseAs(
  client: MemberClient,
  { id, ttlSeconds }: { readonly id: bigint; readonly ttlSeconds: number },
  signal?: AbortSignal,
): Promise<number> {
  const { lease, withSignal } = await client.etcd3();
  const reply = await lease.leaseGrant({ ID: String(id), TTL: ttlSeconds }, withSignal(signal));
  return Number(reply.TTL);
}

/** The ids of all leases that there are. */
export async function leaseIds(client: MemberClient, signal?: AbortSignal): Promise<readonly bigint[]> {
  const { lease, withSignal } = await client.etcd3();
  const { leases } = await lease.leaseLeases(withSignal(signal));
  return leases.map(({ ID }) => BigInt(ID));
}

/** One stream on which any number of leases is kept alive. */
export interface KeepAliveStream {
  /** Asks for one more TTL of a lease; the answer comes to `onAnswer`. */
  keep(id: bigint): void;
  close(): void;
}

/**
 * Opens a stream for keepalives. `onAnswer` hears the TTL from now on, in seconds, 0 or less where the lease is gone;
 * `onEnd` hears, once, that the stream has ended by itself, and why.
 */
export async function openKeepAlives(
  client: MemberClient,
  onAnswer: (id: bigint, ttlSeconds: number) => void,
  onEnd: (error: unknown) => void,
): Promise<KeepAliveStream> {
  const { lease } = await client.etcd3();
  const stream = await lease.leaseKeepAlive();
  let isOpen = true;
  const end = (error: unknown): void => {
    if (!isOpen) return;
    isOpen = false;
    onEnd(error);
  };
  stream.on('data', ({ ID, TTL }) => onAnswer(BigInt(ID), Number(TTL)));
  stream.on('error', end);
  stream.on('end', () => end(new Error('the server ended the stream')));
  return {
    keep: (id) => {
      if (isOpen) stream.write({ ID: String(id) });
    },
    close: () => {
      isOpen = false;
      stream.cancel();
    },
  };
}
