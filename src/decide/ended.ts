import type { EndCause, OwnMemberView } from '../cluster/own-member.ts';
import type { ClusterState, MemberState } from '../cluster/state.ts';
import { DAMAGED_ENDS } from './damaged-ends.ts';
import { because } from './policy.ts';
import type { ReasonCode } from './reason-codes.ts';
import type { DecideSettings } from './settings.ts';
import { isDead } from './silence.ts';
import { type Judgement, type Verdict, waiting } from './verdict.ts';

/** A process that was started again so often, and always ends, is not brought back by starting it. */
const VAIN_RESTARTS = 3;

/** How the process of a member has ended. */
export interface Ended {
  readonly cause: EndCause;
  readonly said: string;
  readonly own: OwnMemberView;
}

/** Judges a member whose process has ended, while its data can be started with, as far as its own agent knows. Pure. */
export function judgeEnded(
  member: MemberState,
  { cause, said, own }: Ended,
  state: Pick<ClusterState, 'members' | 'voters'>,
  settings: DecideSettings,
): Judgement {
  const { name } = member;
  const ended = `etcd on ${name} has ended: ${said}`;
  const page = (verdict: Verdict, code: ReasonCode): Judgement => ({
    verdict,
    remedy: 'page',
    reason: because(code, ended),
  });
  switch (cause) {
    case 'wal-corrupt':
    case 'database-corrupt':
      return judgeDamaged(member, { ended, own }, settings);
    // Not a line about a disk: a raft leader has told it of entries that it had acknowledged, and it has no such entries.
    case 'log-behind':
      return { verdict: 'data-corrupt', remedy: 'replace', reason: because('DATA_CORRUPT', ended) };
    case 'data-differs':
      return judgeDiffering(member, { ended, own }, state, settings);
    case 'disk-full':
      return { verdict: 'disk-full', remedy: 'free-space', reason: because('DISK_FULL', ended) };
    case 'removed':
      return waiting('removed', 'MEMBER_REMOVED', ended);
    case 'certificate':
      return page('certificate-expired', 'CERTIFICATE_EXPIRED');
    case 'wrong-cluster':
    case 'address-in-use':
    case 'bad-flag':
      return page('process-down', 'NEEDS_PERSON');
    case 'asked':
    case 'killed':
    case 'unknown': {
      const isReadable = own.dataDir.state !== 'unreadable';
      const vainStarts = own.vainStarts ?? own.restarts;
      const isVain = vainStarts >= VAIN_RESTARTS;
      // What could not be read a moment ago may be read in the next: data that are gone are not told as gone at once either.
      if (!isDead(member, settings) || (cause === 'asked' && isReadable && !isVain)) {
        return { verdict: 'process-down', remedy: 'restart', reason: because('PROCESS_DOWN', ended) };
      }
      // Who or what ends it would end another one as well, or keep it from being started as this one; and data that can be read are worth more
      // than a guess at what nobody knows.
      const often = isVain ? `; it was started again ${vainStarts} times` : '';
      const why = own.boot === undefined ? '' : `; its agent says: ${own.boot.reasons[0].message}`;
      return { verdict: 'process-down', remedy: 'page', reason: because('NEEDS_PERSON', `${ended}${often}${why}`) };
    }
  }
}

interface DamagedEnd {
  readonly ended: string;
  readonly own: OwnMemberView;
}

/** Etcd calls data damaged that its agent has read and found whole, or could not read: its word counts once it has said so again and again. */
function judgeDamaged(member: MemberState, { ended, own }: DamagedEnd, settings: DecideSettings): Judgement {
  const { damagedEnds = 0 } = own;
  if (damagedEnds >= DAMAGED_ENDS && own.dataDir.state === 'intact') {
    const message = `${ended}; it has called its data damaged ${damagedEnds} times in a row`;
    return { verdict: 'data-corrupt', remedy: 'replace', reason: because('DATA_CORRUPT', message) };
  }
  return isDead(member, settings)
    ? { verdict: 'data-corrupt', remedy: 'page', reason: because('NEEDS_PERSON', ended) }
    : { verdict: 'process-down', remedy: 'restart', reason: because('PROCESS_DOWN', ended) };
}

/** Etcd has compared its data with those of its peers when it was started: who is right a majority tells that has other data, and all of it the same. */
function judgeDiffering(
  member: MemberState,
  { ended, own }: DamagedEnd,
  { members, voters }: Pick<ClusterState, 'members' | 'voters'>,
  settings: DecideSettings,
): Judgement {
  const { damagedEnds = 0 } = own;
  if (damagedEnds < DAMAGED_ENDS && !isDead(member, settings)) {
    return { verdict: 'process-down', remedy: 'restart', reason: because('PROCESS_DOWN', ended) };
  }
  const differsFrom = own.process.state === 'stopped' ? (own.process.end?.differsFrom ?? []) : [];
  const alike = members.filter(
    ({ id, isLearner, peerUrls }) =>
      id !== member.id && !isLearner && peerUrls.some((url) => differsFrom.includes(url)),
  );
  if (damagedEnds < DAMAGED_ENDS || alike.length * 2 <= voters) {
    const message = `${ended}; ${alike.length} of ${voters} voters are known to have other data that are all the same`;
    return { verdict: 'data-corrupt', remedy: 'page', reason: because('NO_MAJORITY', message) };
  }
  const names = alike.map(({ name }) => name).join(', ');
  const message = `${ended}, ${damagedEnds} times in a row: ${names} have other data, all the same`;
  return { verdict: 'data-corrupt', remedy: 'replace', reason: because('DATA_CORRUPT', message) };
}
