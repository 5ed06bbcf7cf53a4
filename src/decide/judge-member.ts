import type { OwnMemberView } from '../cluster/own-member.ts';
import type { ClusterState, MemberState } from '../cluster/state.ts';
import { formatLatency, formatSpan } from '../cluster/units.ts';
import { judgeEnded } from './ended.ts';
import { freshOf } from './fitness.ts';
import { hashesOf } from './hash-evidence.ts';
import { because } from './policy.ts';
import type { DecideSettings } from './settings.ts';
import { deadText, isDead, LEAST_OBSERVERS } from './silence.ts';
import { type Judgement, waiting } from './verdict.ts';

/** A WAL fsync (p99) that takes so long: elections come of it. Etcd warns from 10 ms on, and its heartbeat is 100 ms. */
const SLOW_FSYNC_SECONDS = 1;

/** Etcd warns of clocks that are apart by a second. */
const CLOCK_OFF_SECONDS = 1;

/**
 * Judges one member by what several observers and its own agent say. Pure. Only `data-gone` and `data-corrupt` by proof are
 * replaced at once; all else is waited for, for `heal.replaceAfterMs`, or is for a person.
 */
export function judgeMember(member: MemberState, state: ClusterState, settings: DecideSettings): Judgement {
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
  return judgeByOwn(member, own, state, settings);
}

function judgeServing(member: MemberState): Judgement {
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

function expired({ name, fault = 'its certificate is not valid now', faultCode }: MemberState): Judgement | undefined {
  return faultCode === EXPIRED
    ? { verdict: 'certificate-expired', remedy: 'page', reason: because('CERTIFICATE_EXPIRED', `${name}: ${fault}`) }
    : undefined;
}

/** Its own agent knows more than what the others see. */
function judgeByOwn(member: MemberState, own: OwnMemberView, state: ClusterState, settings: DecideSettings): Judgement {
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
  return judgeEnded(member, { cause, said, own }, state, settings);
}

function judgeRunning(member: MemberState, settings: DecideSettings): Judgement {
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
function lasting(member: MemberState, judgement: Judgement, settings: DecideSettings): Judgement {
  return isDead(member, settings) ? { ...judgement, remedy: 'page' } : judgement;
}

function dataGone(member: MemberState, own: OwnMemberView, settings: DecideSettings): Judgement {
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

/** What others see is all that there is. */
function judgeSilent(member: MemberState, settings: DecideSettings): Judgement {
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
