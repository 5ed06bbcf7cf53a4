import { EtcdError } from '../../etcd/errors.ts';

/** A machine on which a lease of some seconds expires so often has not enough left for a restore. */
const MOST_ATTEMPTS = 3;

/**
 * Does work on a scratch etcd, and begins anew with a fresh one where a lease has expired there before it could be kept alive: what
 * came after it would get other revisions. Throws what the last attempt ended with, as `ETCD_LEASE_LOST` where it was that.
 */
export async function whileLeasesLast<T>(attempt: () => Promise<T>): Promise<T> {
  for (let left = MOST_ATTEMPTS - 1; ; left -= 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!isLost(error)) throw error;
      if (left === 0) throw lost(error);
    }
  }
}

/** The transaction that needs it may hear of it first: then it is etcd's own refusal. */
function isLost(error: unknown): error is EtcdError {
  return (
    error instanceof EtcdError &&
    (error.code === 'ETCD_LEASE_LOST' || error.message.includes('requested lease not found'))
  );
}

function lost(cause: EtcdError): EtcdError {
  const message = `A lease expired in the scratch etcd before it could be kept alive, ${MOST_ATTEMPTS} times in a row.`;
  return new EtcdError('ETCD_LEASE_LOST', message, {
    remedy: 'Restore again, on a machine with more free CPU.',
    cause,
  });
}
