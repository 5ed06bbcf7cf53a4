import type { Etcd3Clients } from './etcd3-clients.ts';
import type { MemberClient } from './member-client.ts';

/** Whoever makes such a call may lose the right to it while the connection is still being made. */
export interface CallPermit {
  readonly signal?: AbortSignal;
  /** Asked right before the call goes out: throws where it must not be made any more. What it throws comes through. */
  check?(): void;
}

export type CallOptions = ReturnType<Etcd3Clients['withSignal']>;

/**
 * Makes one call through the `etcd3` package, once, while the permit holds. What the permit throws is not a failure of the connection, and comes through as it is.
 */
export async function permitted<T>(
  client: MemberClient,
  { signal, check }: CallPermit = {},
  call: (clients: Etcd3Clients, options: CallOptions) => Promise<T>,
): Promise<T> {
  let refusal: { readonly error: unknown } | undefined;
  const allowed = (): void => {
    try {
      check?.();
    } catch (error) {
      refusal = { error };
      throw error;
    }
  };
  const clients = await client.etcd3();
  try {
    return await call(clients, clients.withSignal(signal, allowed));
  } catch (error) {
    throw refusal === undefined ? error : refusal.error;
  }
}
