import { dataDirGasp } from '../../backup/last-gasp/data-dir-source.ts';
import { databaseFileGasp } from '../../backup/last-gasp/database-file-source.ts';
import type { GaspSourceKind } from '../../backup/last-gasp/manifest.ts';
import { snapshotGasp } from '../../backup/last-gasp/snapshot-source.ts';
import type { GaspSource } from '../../backup/last-gasp/source.ts';
import { type GaspTaken, takeGasp } from '../../backup/last-gasp/take.ts';
import type { Observation } from '../../cluster/observation.ts';
import { EtcdError } from '../../etcd/errors.ts';
import { meansNoQuorum } from '../../etcd/no-quorum.ts';
import { meansFor } from './means.ts';
import type { LastGaspOptions } from './options.ts';
import { refuseLocked } from './refuse-locked.ts';

/** Who the member is, as far as the agent has seen. */
export interface KnownMember {
  readonly clusterId?: string;
  readonly memberId?: string;
  readonly etcdVersion?: string;
}

/** Keeps what the own member has, in the first way that its member does not refuse. Throws what the last one did. */
export async function keepState(
  observation: Observation,
  known: KnownMember,
  options: LastGaspOptions,
  signal: AbortSignal,
): Promise<GaspTaken> {
  const [first, second] = meansFor(observation).map((kind) => sourceOf(kind, known, options));
  if (first === undefined) throw new Error('there are no means');
  try {
    return await takeGasp(first, options.place, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (second === undefined || !isRefusal(error, options.underAuth)) throw error;
    options.events.log('the member gives no snapshot, its database file is copied', { error });
    return await takeGasp(second, options.place, signal);
  }
}

const REFUSED_TO_USER: ReadonlySet<string> = new Set([
  'ETCD_AUTH_FAILED',
  'ETCD_AUTH_REQUIRED',
  'ETCD_PERMISSION_DENIED',
]);

/** Whether the member runs and does not serve this caller. A token that takes a quorum is a call that does not come back. */
function isRefusal(error: unknown, underAuth: boolean): boolean {
  return error instanceof EtcdError && (REFUSED_TO_USER.has(error.code) || (underAuth && meansNoQuorum(error)));
}

function sourceOf(kind: GaspSourceKind, known: KnownMember, options: LastGaspOptions): GaspSource {
  const { client, dataDir, walDir } = options;
  switch (kind) {
    case 'snapshot':
      return snapshotGasp(client);
    case 'database-file':
      return databaseFileGasp({ ...known, member: client.member, dataDir });
    case 'data-dir':
      return dataDirGasp({ ...known, dataDir, walDir, refuseLocked });
  }
}
