import { formatSpan } from '../cluster/units.ts';
import type { AsJson } from './as-json.ts';
import type { Status } from './status.ts';

/** The worst that is true of a cluster; the earlier ones are said first. */
export type HeadlineState = 'unknown' | 'quorum-lost' | 'corrupt' | 'nospace' | 'degraded' | 'unwell' | 'healthy';

/** The cluster in one line of text. */
export interface Headline {
  readonly state: HeadlineState;
  /** `Healthy`, `QUORUM LOST`, … */
  readonly word: string;
  /** The whole of it, which begins with the word. */
  readonly text: string;
}

/** What is known of backups, as far as somebody knows it. */
export interface BackupFacts {
  /** What would be lost now reaches so far back; 0: nothing would. */
  readonly lagSeconds?: number;
  /** When a backup was last restored, or read back whole: wall clock, ms since 1970. */
  readonly provenAtMs?: number;
  /** Why they do not get on at the moment, a sentence. */
  readonly fault?: string;
}

/** Failures that no backup lags behind for are made good by the next attempt, and are no news. */
const FAILING_SECONDS = 60;

/** The worst that is true, in one sentence, and how far the backups go in another. Pure. */
export function headlineOf(status: AsJson<Status>, nowMs: number, facts = backupFacts(status.backups)): Headline {
  const { quorum, cluster, ownMember, alarms } = status;
  if (quorum === undefined) return said('unknown', 'Unknown', `: ${whyUnknown(status)}`);
  const voters = `${quorum.votersReachable} of ${quorum.voters} voters answer`;
  // A quorum that holds has a leader, whoever it is.
  const leader =
    cluster.leader === undefined
      ? 'the raft leader is not known'
      : `${cluster.leader.name === '' ? cluster.leader.id : cluster.leader.name} leads (term ${cluster.raftTerm})`;

  if (!quorum.holds) {
    const why =
      quorum.votersReachable < quorum.size
        ? `${quorum.size} are needed`
        : 'but they have no raft leader: an election is under way, or they do not reach each other';
    return said('quorum-lost', 'QUORUM LOST', `. ${voters}, ${why}.`);
  }
  const raisedBy = (name: string): readonly string[] =>
    alarms.filter(({ alarm }) => alarm === name).map(({ member }) => member);
  const corrupt = raisedBy('CORRUPT');
  if (corrupt.length > 0) return said('corrupt', 'CORRUPT', `: ${corrupt.join(', ')}. ${voters}, ${leader}.`);
  const nospace = raisedBy('NOSPACE');
  if (nospace.length > 0) {
    return said(
      'nospace',
      'NOSPACE',
      `: writes are refused, raised by ${nospace.join(', ')}. ${voters}, ${leader}.${backupText(facts, nowMs)}`,
    );
  }
  const degraded = quorum.votersReachable < quorum.voters || ownMember === undefined || ownMember.state === 'no-quorum';
  const failing = facts.fault !== undefined && (facts.lagSeconds ?? FAILING_SECONDS) >= FAILING_SECONDS;
  const critical = status.findings.filter(({ severity }) => severity === 'critical').length;
  const rest = `. ${voters}, ${leader}; ${margin(quorum)}.${backupText(facts, nowMs)}`;
  return degraded
    ? said('degraded', 'Degraded', rest)
    : critical > 0 || failing
      ? said(
          'unwell',
          'Not well',
          `: ${[...(critical > 0 ? [`${critical} critical below`] : []), ...(failing ? ['backups fail'] : [])].join(', ')}${rest}`,
        )
      : said('healthy', 'Healthy', rest);
}

function said(state: HeadlineState, word: string, rest: string): Headline {
  return { state, word, text: `${word}${rest}` };
}

function whyUnknown({ agent, faults }: AsJson<Status>): string {
  const fault = faults.find(({ collector }) => collector === 'member' || collector === 'cluster');
  const why =
    fault === undefined
      ? 'It has not observed it yet.'
      : fault.code.startsWith('COLLECTOR_')
        ? fault.message
        : `No member has given it the member list since it started: ${fault.message}`;
  return `the agent beside ${agent.member} cannot see the cluster. ${why}`;
}

function margin({ voters, faultTolerance }: NonNullable<AsJson<Status>['quorum']>): string {
  if (voters === 1) return 'a single voter: the next loss stops all writes';
  return faultTolerance === 0 ? 'the next loss stops all writes' : `${faultTolerance} more may be lost`;
}

/** What the agent that backs up says in its status; others say nothing of it. */
export function backupFacts(backups: AsJson<Status>['backups']): BackupFacts {
  if (backups?.working !== true) return {};
  const fault =
    backups.fault ?? backups.captureFault ?? backups.stores.find((store) => store.fault !== undefined)?.fault;
  // One store that has everything is enough.
  const lags = backups.stores.flatMap(({ unprotected }) =>
    unprotected === undefined ? [] : [unprotected.revisions === '0' ? 0 : Number(unprotected.seconds)],
  );
  const proven = backups.stores.flatMap(({ provenAtMs }) => (provenAtMs === undefined ? [] : [Number(provenAtMs)]));
  return {
    ...(lags.length === 0 ? {} : { lagSeconds: Math.min(...lags) }),
    ...(fault === undefined ? {} : { fault: fault.message }),
    ...(proven.length === 0 ? {} : { provenAtMs: Math.max(...proven) }),
  };
}

function backupText({ lagSeconds, provenAtMs, fault }: BackupFacts, nowMs: number): string {
  const last =
    lagSeconds === undefined
      ? undefined
      : lagSeconds === 0
        ? 'everything is backed up'
        : `last backup ${ageText(lagSeconds)} ago`;
  const proven =
    provenAtMs === undefined
      ? last && 'no restore proven yet'
      : `last proven restore ${ageText((nowMs - provenAtMs) / 1000)} ago`;
  const parts = [last, proven].filter((part) => part !== undefined).join(', ');
  const how = parts === '' ? '' : ` ${parts.charAt(0).toUpperCase()}${parts.slice(1)}.`;
  return fault === undefined ? how : `${how} Backups do not get on: ${fault}`;
}

/** The clocks of two machines differ: what seems to lie ahead has just been. */
function ageText(seconds: number): string {
  return seconds < 10 ? `${Math.max(0, seconds).toFixed(1)} s` : formatSpan(seconds);
}
