import { takeFull } from '../../../src/backup/full/take-full.ts';
import { LocalStore } from '../../../src/backup/store/local.ts';
import { MemberClient } from '../../../src/etcd/member-client.ts';

/** Takes full snapshots into a folder, one after the other, until it is killed. */
const [endpoint = '', folder = ''] = process.argv.slice(2);
const client = new MemberClient({ member: 'm1', endpoint });
for (;;) {
  await takeFull({
    client,
    timeline: 'timeline',
    clusterName: 'test',
    epoch: 1n,
    destinations: [{ store: new LocalStore(folder) }],
    bytesPerSecond: Number.POSITIVE_INFINITY,
    spool: { folder: `${folder}-spool`, maxBytes: 2 ** 30 },
  });
  console.log('taken');
}
