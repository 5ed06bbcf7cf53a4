import type { BootView, EndCause } from '../cluster/own-member.ts';
import { decideDamaged } from './boot/damaged.ts';
import { decideEmpty } from './boot/empty.ts';
import type { BootEvidence } from './boot/evidence.ts';
import { decideIntact } from './boot/intact.ts';
import { boot, bootReason } from './boot/view.ts';
import { DAMAGED, DAMAGED_ENDS } from './damaged-ends.ts';

/**
 * What becomes of a member's process. Pure, never a throw; nothing that it gives loses data: `join` moves what is there into quarantine, and
 * only a quorum's word lets it; data that are intact are started also where nobody can be asked, since the quorum may need them.
 *
 * `start`: it runs, or is to run, with the data that it has. `bootstrap`: it begins a cluster with the configured peers. `join`: the leader
 * is to take it in, or to replace it (`DATA_GONE`). `stay-out`: it is not to run until a person says so. `refuse`: something is
 * mixed up, and a person has to look. `wait`: it is decided again when more is known.
 */
export function bootDecision(evidence: BootEvidence): BootView {
  const { dataDir, left, lastEnd, process } = evidence;
  if (left) return boot('stay-out', bootReason('LEFT', 'this member was made to leave'));
  if (process.state === 'running') return boot('start', bootReason('RUNNING', 'etcd runs'));
  switch (dataDir.state) {
    case 'unreadable':
      return boot('wait', bootReason('DATA_UNREADABLE', dataDir.problem));
    case 'corrupt':
      return decideDamaged(evidence, dataDir, bootReason('DATA_CORRUPT', dataDir.problem));
    case 'empty':
      return decideEmpty(evidence);
    case 'intact':
      return lastEnd !== undefined && isOfItsData(evidence, lastEnd.cause)
        ? decideDamaged(
            evidence,
            dataDir,
            bootReason('ETCD_FOUND_DAMAGE', `etcd ended with ${lastEnd.how} (${lastEnd.cause})`),
          )
        : decideIntact(evidence, dataDir);
  }
}

/**
 * Whether what is there must not be started with. With a quorum etcd has to say so again and again. Without one, waiting would be for ever where etcd
 * calls its data damaged, since no leader replaces the member and a recovery counts its disk as there: it is tried again, and read as a whole once it
 * has ended twice. But whose data differ has nobody then that it could be compared with, and would serve them; and a log that lost its end
 * (`log-behind`) counts at once and always: with what it has forgotten it may vote for whoever lacks what was acknowledged.
 */
function isOfItsData({ list, damagedEnds = 0 }: BootEvidence, cause: EndCause): boolean {
  if (cause === 'log-behind') return true;
  if (!hasQuorum(list)) return cause === 'data-differs';
  return damagedEnds >= DAMAGED_ENDS && DAMAGED.has(cause);
}

function hasQuorum(list: BootEvidence['list']): boolean {
  return typeof list !== 'string' && list.linearizable;
}
