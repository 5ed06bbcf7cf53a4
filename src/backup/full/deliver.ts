import { createHash } from 'node:crypto';
import { AgentError } from '../../cluster/agent-error.ts';
import type { Encryption } from '../encryption.ts';
import type { Digest } from '../manifest.ts';
import type { SnapshotCheck } from './checked-snapshot.ts';
import { compressed, type ZstdLevel } from './compress.ts';
import type { Delivery } from './delivery.ts';
import { atRate } from './rate.ts';

/** How a snapshot goes on its way. */
export interface DeliverOptions {
  /** The snapshot's bytes as etcd gives them. */
  readonly source: AsyncIterable<Buffer>;
  readonly check: SnapshotCheck;
  readonly bytesPerSecond: number;
  readonly level: ZstdLevel;
  readonly encryption: Encryption | undefined;
  readonly plainKubernetes: boolean;
}

/**
 * Reads a snapshot once, and gives it to all stores: checked, compressed, perhaps encrypted. Gives the size and hash of what
 * they are given. Resolves when all of it is on its way, and none of them has been told yet that it was the end; throws when the
 * last of them has failed, or when the source has: then none of them has an object.
 */
export async function deliver(
  options: DeliverOptions,
  deliveries: readonly Delivery[],
  signal: AbortSignal,
): Promise<Digest> {
  const { source, check, bytesPerSecond, level, encryption } = options;
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    const checked = check.pass(atRate(source, bytesPerSecond, signal));
    const compact = compressed(options.plainKubernetes ? checked : guarded(checked, options, deliveries), level);
    for await (const piece of encryption === undefined ? compact : encryption.encrypt(compact)) {
      hash.update(piece);
      bytes += piece.length;
      await Promise.all(deliveries.map((delivery) => delivery.write(piece)));
      requireOne(deliveries);
    }
  } catch (error) {
    await Promise.all(deliveries.map((delivery) => delivery.fail(error)));
    throw error;
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** Throws what the first store failed with when all of them have. */
function requireOne(deliveries: readonly Delivery[]): void {
  if (deliveries.every(({ failure }) => failure !== undefined)) throw deliveries[0]?.failure?.error;
}

/** Ends what goes to a remote place unencrypted as soon as something of Kubernetes comes by, before it is passed on. */
async function* guarded(
  source: AsyncIterable<Buffer>,
  { check, encryption }: DeliverOptions,
  deliveries: readonly Delivery[],
): AsyncGenerator<Buffer, void, undefined> {
  let refused = encryption !== undefined;
  for await (const chunk of source) {
    if (!refused && check.kubernetes) {
      refused = true;
      const remote = deliveries.filter(({ store }) => store.kind === 'remote');
      await Promise.all(remote.map((delivery) => delivery.fail(encryptionRequired(delivery.store.url))));
    }
    yield chunk;
  }
}

function encryptionRequired(url: string): AgentError {
  return new AgentError(
    'ENCRYPTION_REQUIRED',
    `The snapshot does not go to ${url} unencrypted: there are keys below /registry/ in it, so it holds the secrets of a Kubernetes cluster.`,
    { remedy: 'Set backup.encryption.recipients; or, where the place itself is trusted, set backup.encryption: none.' },
  );
}
