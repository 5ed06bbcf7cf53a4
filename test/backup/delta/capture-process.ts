import { MemberClient } from '../../../src/etcd/member-client.ts';
import { startCapturing } from './capturing.ts';
import { FolderStore } from './folder-store.ts';

/** What a capturing process is told: where, and when it is to die by its own hand, if it is. */
export interface CaptureOrder {
  readonly endpoint: string;
  readonly spool: string;
  readonly stores: readonly string[];
  readonly epoch: number;
  /** SIGKILL at the n-th put, before it or after the object is there but before that is known. */
  readonly die?: { readonly atPut: number; readonly when: 'before' | 'after' };
}

const order = JSON.parse(process.argv[2] ?? '') as CaptureOrder;
const client = new MemberClient({ member: 'm1', endpoint: order.endpoint });
let puts = 0;

function dieAt(when: 'before' | 'after'): void {
  if (when === 'before') puts += 1;
  if (order.die?.when === when && order.die.atPut <= puts) process.kill(process.pid, 'SIGKILL');
}

const destinations = order.stores.map((folder) => {
  const store = new FolderStore(folder);
  store.fault = (request) => {
    if (request === 'put') dieAt('before');
  };
  store.lost = () => dieAt('after');
  return { store, intervalMs: 0 };
});
const running = await startCapturing(client, {
  epoch: BigInt(order.epoch),
  spool: { folder: order.spool, maxBytes: 1e8 },
  destinations,
  maxPieceBytes: 2_000,
  maxObjectBytes: 20_000,
});
process.on('SIGTERM', () => {
  running
    .storedAll()
    .then(() => running[Symbol.asyncDispose]())
    .then(
      () => process.exit(0),
      () => process.exit(1),
    );
});
process.stdout.write('running\n');
await running.ended;
