import type { MemberClient } from '../../src/etcd/member-client.ts';
import type { TxnRequest } from '../../src/etcd/txn.ts';
import type { JournalKeys } from '../../src/journal/keys.ts';
import type { Effects, Reads } from '../../src/operate/effects.ts';
import type { CallTrap } from './call-trap.ts';

/** Everything that operations do to etcd and look at, through the trap. */
export function trappedEffects(trap: CallTrap, of: Effects & Reads): Effects & Reads {
  return {
    compact: (revision, permit) => trap.change('compact', permit, (mine) => of.compact(revision, mine)),
    defragment: (id, permit) => trap.change('defragment', permit, (mine) => of.defragment(id, mine)),
    moveLeader: (from, to, permit) => trap.change('move-leader', permit, (mine) => of.moveLeader(from, to, mine)),
    disarmNospace: (id, permit) => trap.change('disarm', permit, (mine) => of.disarmNospace(id, mine)),
    disarmCorrupt: (id, permit) => trap.change('disarm-corrupt', permit, (mine) => of.disarmCorrupt(id, mine)),
    removeMember: (id, permit) => trap.change('remove-member', permit, (mine) => of.removeMember(id, mine)),
    addLearner: (urls, permit) => trap.change('add-learner', permit, (mine) => of.addLearner(urls, mine)),
    promoteLearner: (id, permit) => trap.change('promote', permit, (mine) => of.promoteLearner(id, mine)),
    updatePeerUrls: (id, urls, permit) =>
      trap.change('update-peer', permit, (mine) => of.updatePeerUrls(id, urls, mine)),
    hashKeyspace: (id, revision, permit) => trap.change('hash', permit, (mine) => of.hashKeyspace(id, revision, mine)),
    canaryWrite: (permit) => trap.change('canary', permit, (mine) => of.canaryWrite(mine)),
    status: (id, signal) => trap.read('status', id, () => of.status(id, signal)),
    linearizableRead: (id, signal) => trap.read('read', id, () => of.linearizableRead(id, signal)),
    localRead: (id, signal) => trap.read('local-read', id, () => of.localRead(id, signal)),
    defragInflight: (id, signal) => trap.read('inflight', id, () => of.defragInflight(id, signal)),
    listensAt: (peerUrl, signal) => trap.read('listens', 'own', () => of.listensAt(peerUrl, signal)),
    compactedBefore: (revision, signal) => trap.read('compacted', 'own', () => of.compactedBefore(revision, signal)),
  };
}

/** The agent's client, whose transactions of the journal go through the trap; all else is as it was. */
export function trappedClient(trap: CallTrap, client: MemberClient, keys: JournalKeys): MemberClient {
  const txn = (request: TxnRequest, signal?: AbortSignal): ReturnType<MemberClient['txn']> => {
    const kind = kindOf(request, keys);
    return kind === undefined
      ? client.txn(request, signal)
      : trap.change(kind, undefined, () => client.txn(request, signal));
  };
  return new Proxy(client, {
    get: (target, name) => {
      if (name === 'txn') return txn;
      // Its private fields are only the client's own.
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** What a transaction of the journal is for; undefined where it is none of an operation's, or only looks. */
function kindOf({ changes, compare }: TxnRequest, { prefix }: JournalKeys): string | undefined {
  const changed = changes.map((change) => ({
    puts: 'put' in change,
    name: ('put' in change ? change.put : change.delete).toString('utf8').slice(prefix.length),
  }));
  const one = (pattern: RegExp, puts: boolean): boolean =>
    changed.some((change) => change.puts === puts && pattern.test(change.name));
  if (one(/^slot$/, true)) return 'slot';
  if (one(/^history\//, true)) return 'finish';
  if (one(/^epoch$/, true)) return one(/^leader$/, true) ? 'campaign' : 'raise';
  if (one(/^leader$/, false)) return 'resign';
  if (one(/^spare\/.*\/step\//, true)) return 'replenish';
  if (one(/^spare\/.*\/step\//, false)) return 'step';
  // A beat, by the clock, that a spare epoch is still held changes nothing: it says that the own key is gone.
  const isBeat = compare.some((condition) => 'version' in condition && condition.version === 0n);
  return !isBeat && one(/^spare\/.*\/epoch\//, false) ? 'claim' : undefined;
}
