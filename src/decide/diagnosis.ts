import type { EndCause, OwnMemberView } from '../cluster/own-member.ts';
import type { ClusterState, MemberSilence, MemberState } from '../cluster/state.ts';
import { formatLatency, formatSpan } from '../cluster/units.ts';
import { DAMAGED_ENDS } from './damaged-ends.ts';
import { freshOf } from './fitness.ts';
import { hashesOf } from './hash-evidence.ts';
import { because } from './policy.ts';
import type { ReasonCode } from './reason-codes.ts';
import type { DecideSettings } from './settings.ts';

/** What is the matter with a member. */
export type Verdict =
  | 'well'
  | 'process-down'
  | 'starved'
  | 'machine-gone'
  | 'partitioned'
  | 'partitioned-one-way'
  | 'disk-full'
  | 'disk-slow'
  | 'data-gone'
  | 'data-corrupt'
  | 'removed'
  | 'clock-off'
  | 'certificate-expired';

/** The one right answer: `restart` is what its own agent does, `move-leader` and `free-space` are for others to do. */
export type Remedy = 'wait' | 'restart' | 'move-leader' | 'free-space' | 'replace' | 'page';

/** What a member suffers from, and what is to be done about it. */
export interface Diagnosis {
  readonly verdict: Verdict;
  readonly remedy: Remedy;
  readonly reason: ReturnType<typeof because>;
}

/** Fewer observers than this prove nothing: the one may be what is cut off. */
const LEAST_OBSERVERS = 2;

/** A process that was started again so often, and always ends, is not brought back by starting it. */
const VAIN_RESTARTS = 3;

/** A WAL fsync (p99) that takes so long: elections come of it. Etcd warns from 10 ms on, and its heartbeat is 100 ms. */
const SLOW_FSYNC_SECONDS = 1;

/** Etcd warns of clocks that are apart by a second. */
const CLOCK_OFF_SECONDS = 1;

/**
 * Judges one member by what several observers and its own agent say. Pure. Only `data-gone` and `data-corrupt` by proof are
 * replaced at once; all else is waited for, for `heal.replaceAfterMs`, or is for a person.
 */
export function diagnose(member: MemberState, state: ClusterState, settings: DecideSettings): Diagnosis {
  const { name } = member;
  const hashes = hashesOf(state);
  if (hashes.minority.has(member.id)) {
    return {
      verdict: 'data-corrupt',
      remedy: 'replace',
      reason: because('DATA_CORRUPT', `${name} has other data than the majority, by a hash check`),
    };
  }
  if (state.alarms.some(({ memberId, alarm }) => memberId === member.id && alarm === 'CORRUPT')) {
    return {
      verdict: 'data-corrupt',
      remedy: 'page',
      reason: because('CORRUPT_ALARM', `CORRUPT is raised for ${name}, and no hash check says which data is right`),
    };
  }
  if (member.reachable && member.healthy) return judgeServing(member);
  const own = freshOf(member)?.own;
  if (own === undefined || own.kind === 'none') return judgeSilent(member, settings);
  return judgeByOwn(member, own, settings);
}

/** Whether it has answered none of at least two observers for long enough. */
export function isDead({ silence, reachable }: MemberState, { heal }: DecideSettings): boolean {
  return !reachable && isUnanimous(silence) && silence.seconds * 1000 >= heal.replaceAfterMs;
}

function isUnanimous(silence: MemberSilence | undefined): silence is MemberSilence {
  return silence !== undefined && silence.observers >= LEAST_OBSERVERS && silence.silentTo === silence.observers;
}

function judgeServing(member: MemberState): Diagnosis {
  const { name, silence, isLeader } = member;
  const observed = freshOf(member);
  const fsync = observed?.walFsyncP99Seconds ?? 0;
  const clock = observed?.clockOffSeconds ?? 0;
  if (silence !== undefined && silence.silentTo > 0) {
    return waiting(
      'partitioned',
      'PARTITIONED',
      `${name} answers here, and not ${silence.silentTo} of ${silence.observers} observers`,
    );
  }
  if (fsync >= SLOW_FSYNC_SECONDS) {
    const message = `an fsync of the WAL of ${name} takes ${formatLatency(fsync)} (p99)`;
    return { verdict: 'disk-slow', remedy: isLeader ? 'move-leader' : 'wait', reason: because('DISK_SLOW', message) };
  }
  if (Math.abs(clock) >= CLOCK_OFF_SECONDS) {
    const message = `the clock of ${name} is ${formatSpan(Math.abs(clock))} ${clock > 0 ? 'ahead' : 'behind'}`;
    return { verdict: 'clock-off', remedy: 'page', reason: because('CLOCK_OFF', message) };
  }
  return { verdict: 'well', remedy: 'wait', reason: because('ALL_WELL', `${name} is well`) };
}

/** What its port answers with, and what a person alone can mend: whoever is behind it runs. */
const EXPIRED = 'ETCD_TLS_EXPIRED';

function expired({ name, fault = 'its certificate is not valid now', faultCode }: MemberState): Diagnosis | undefined {
  return faultCode === EXPIRED
    ? { verdict: 'certificate-expired', remedy: 'page', reason: because('CERTIFICATE_EXPIRED', `${name}: ${fault}`) }
    : undefined;
}

/** Its own agent knows more than what the others see. */
function judgeByOwn(member: MemberState, own: OwnMemberView, settings: DecideSettings): Diagnosis {
  const { name } = member;
  if (own.process.state === 'running') return judgeRunning(member, settings);
  if (own.process.state === 'unknown') return judgeSilent(member, settings);
  if (own.dataDir.state === 'empty') return dataGone(member, own, settings);
  if (own.dataDir.state === 'corrupt') {
    return {
      verdict: 'data-corrupt',
      remedy: 'replace',
      reason: because('DATA_CORRUPT', `the data of ${name} are corrupt: ${own.dataDir.problem}`),
    };
  }
  const cause = own.process.end?.cause ?? 'unknown';
  const said = own.process.end?.evidence ?? own.process.end?.how ?? 'nobody knows why';
  return judgeEnd(member, { cause, said, own }, settings);
}

function judgeRunning(member: MemberState, settings: DecideSettings): Diagnosis {
  const { name, silence } = member;
  const late = expired(member);
  if (late !== undefined) return late;
  if (silence !== undefined && silence.silentTo < silence.observers) {
    return waiting(
      'partitioned',
      'PARTITIONED',
      `${name} answers some of ${silence.observers} observers, and not others`,
    );
  }
  if (silence !== undefined && freshOf(member)?.quorumRttSeconds !== undefined) {
    const message = `${name} runs and reaches the others, and nobody reaches it`;
    return lasting(member, waiting('partitioned-one-way', 'PARTITIONED_ONE_WAY', message), settings);
  }
  return lasting(member, waiting('starved', 'STARVED', `etcd runs on ${name}, and does not serve`), settings);
}

/** What runs is never replaced for being silent; but what does not go by itself is for a person to see. */
function lasting(member: MemberState, diagnosis: Diagnosis, settings: DecideSettings): Diagnosis {
  return isDead(member, settings) ? { ...diagnosis, remedy: 'page' } : diagnosis;
}

function dataGone(member: MemberState, own: OwnMemberView, settings: DecideSettings): Diagnosis {
  const message = `the data dir of ${member.name} is empty`;
  // Whoever has no record of its member may look into the wrong folder: then only time tells.
  const isProved = own.bootstrapped || isDead(member, settings);
  return isProved
    ? { verdict: 'data-gone', remedy: 'replace', reason: because('DATA_GONE', message) }
    : waiting(
        'data-gone',
        'NOT_DEAD_YET',
        `${message}, and its agent has no record of it: ${deadText(member, settings)}`,
      );
}

interface End {
  readonly cause: EndCause;
  readonly said: string;
  readonly own: OwnMemberView;
}

function judgeEnd(member: MemberState, { cause, said, own }: End, settings: DecideSettings): Diagnosis {
  const { name } = member;
  const ended = `etcd on ${name} has ended: ${said}`;
  const page = (verdict: Verdict, code: ReasonCode): Diagnosis => ({
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
    // Which side is right a single comparison does not tell.
    case 'data-differs':
      return page('data-corrupt', 'NO_MAJORITY');
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

/** Etcd calls data damaged that its agent has read and found whole, or could not read: its word counts once it has said so again and again. */
function judgeDamaged(
  member: MemberState,
  { ended, own }: { readonly ended: string; readonly own: OwnMemberView },
  settings: DecideSettings,
): Diagnosis {
  const { damagedEnds = 0 } = own;
  if (damagedEnds >= DAMAGED_ENDS && own.dataDir.state === 'intact') {
    const message = `${ended}; it has called its data damaged ${damagedEnds} times in a row`;
    return { verdict: 'data-corrupt', remedy: 'replace', reason: because('DATA_CORRUPT', message) };
  }
  return isDead(member, settings)
    ? { verdict: 'data-corrupt', remedy: 'page', reason: because('NEEDS_PERSON', ended) }
    : { verdict: 'process-down', remedy: 'restart', reason: because('PROCESS_DOWN', ended) };
}

/** What others see is all that there is. */
function judgeSilent(member: MemberState, settings: DecideSettings): Diagnosis {
  const { name, silence, reachable, agent, observed } = member;
  if (reachable) return waiting('starved', 'STARVED', `${name} answers, and is not healthy`);
  const late = expired(member);
  if (late !== undefined) return late;
  if (silence === undefined || silence.observers < LEAST_OBSERVERS) {
    return waiting('machine-gone', 'TOO_FEW_OBSERVERS', `only one agent says how it finds ${name}`);
  }
  if (silence.silentTo < silence.observers) {
    return waiting(
      'partitioned',
      'PARTITIONED',
      `${name} answers some of ${silence.observers} observers, and not others`,
    );
  }
  if (agent !== undefined || observed !== undefined) {
    const message = `${name} does not answer, and its agent does not say what etcd is doing`;
    return lasting(member, waiting('starved', 'STARVED', message), settings);
  }
  return isDead(member, settings)
    ? { verdict: 'machine-gone', remedy: 'replace', reason: because('MEMBER_DEAD', deadText(member, settings)) }
    : waiting('machine-gone', 'MACHINE_GONE', deadText(member, settings));
}

function deadText({ name, silence }: MemberState, { heal }: DecideSettings): string {
  const after = formatSpan(heal.replaceAfterMs / 1000);
  if (silence === undefined) return `nobody else says how long ${name} has not answered, and ${after} are waited for`;
  const { seconds, silentTo, observers } = silence;
  return `${name} has not answered for ${formatSpan(Math.floor(seconds))}, as ${silentTo} of ${observers} observers say, and is replaced after ${after}`;
}

function waiting(verdict: Verdict, code: ReasonCode, message: string): Diagnosis {
  return { verdict, remedy: 'wait', reason: because(code, message) };
}
