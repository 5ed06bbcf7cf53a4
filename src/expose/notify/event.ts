import { faultOf } from '../../cluster/agent-error.ts';
import type { Decision, HistoryEntry, Slot } from '../../cluster/caretaking.ts';
import type { KeptGaspView } from '../../cluster/last-gasp-view.ts';
import { formatBytes } from '../../cluster/units.ts';
import { isoTime } from '../iso-time.ts';

/** What others are told of. */
export type NotifyEventName =
  | 'operation-started'
  | 'operation-ended'
  | 'page'
  | 'page-resolved'
  | 'breaker-opened'
  | 'breaker-closed'
  | 'last-gasp'
  | 'last-gasp-failed'
  | 'recovery-started'
  | 'recovery-ended'
  | 'recovery-held'
  | 'recovery-held-no-more'
  | 'paused'
  | 'resumed';

/** One thing that happened, in words for people and in fields for programs. Holds no secret. */
export interface NotifyEvent {
  readonly name: NotifyEventName;
  readonly atMs: number;
  readonly severity: 'info' | 'warning' | 'critical';
  /** One line. */
  readonly summary: string;
  /** Reasons and what to do; several lines. */
  readonly description: string;
  /** An operation, or the policy that decided. */
  readonly operation?: string;
  /** Names of the members concerned. */
  readonly members?: readonly string[];
  /** The operation's id. */
  readonly id?: string;
  readonly outcome?: HistoryEntry['outcome'];
  /** Code of the reason or of the error. */
  readonly code?: string;
  readonly by?: string;
  /** When it ends by itself. */
  readonly untilMs?: number;
  /** It stands as before: only receivers that forget what is not repeated are told. */
  readonly repeated?: boolean;
}

type NameOf = (memberId: string) => string;

/** An operation has taken the slot. @param nameOf a member's name by its id */
export function operationStarted(slot: Slot, nameOf: NameOf): NotifyEvent {
  const { id, operation, targets, startedAtMs, reasons, requestedBy } = slot;
  const members = targets.map(nameOf);
  return {
    name: 'operation-started',
    atMs: startedAtMs,
    severity: 'info',
    summary: `${operation}${on(members)} has begun`,
    description: [...reasons, ...(requestedBy === undefined ? [] : [`Asked for by ${requestedBy}.`])].join('\n'),
    ...{ operation, members, id },
    ...(requestedBy === undefined ? {} : { by: requestedBy }),
  };
}

const severityOf = { succeeded: 'info', stopped: 'warning', failed: 'critical', refused: 'info' } as const;

/** An operation has ended, or a request was refused. @param nameOf a member's name by its id */
export function operationEnded(entry: HistoryEntry, nameOf: NameOf): NotifyEvent {
  const { id, operation, outcome, targets, endedAtMs, seconds, reasons, summary, code, requestedBy } = entry;
  const members = targets.map(nameOf);
  const how = outcome === 'refused' ? 'was refused' : `${outcome} after ${seconds.toFixed(1)} s`;
  return {
    name: 'operation-ended',
    atMs: endedAtMs,
    severity: severityOf[outcome],
    summary: `${operation}${on(members)} ${how}: ${summary}`,
    description: [...reasons, ...(requestedBy === undefined ? [] : [`Asked for by ${requestedBy}.`])].join('\n'),
    ...{ operation, members, id, outcome },
    ...(code === undefined ? {} : { code }),
    ...(requestedBy === undefined ? {} : { by: requestedBy }),
  };
}

/** The code of a decision's reason while its breaker is open. */
const breakerOpen = 'BREAKER_OPEN';

/** A policy wants a person to look, or its breaker has opened. */
export function pageRaised(decision: Decision, atMs: number, nameOf: NameOf, repeated = false): NotifyEvent {
  const { policy, reasons, action } = decision;
  const [first] = reasons;
  const members = (action?.targets ?? []).map(nameOf);
  return {
    name: first.code === breakerOpen ? 'breaker-opened' : 'page',
    atMs,
    severity: 'critical',
    summary: `${policy}: ${first.message}`,
    description: [...reasons.map(({ message }) => message), `etcd-caretaker explain ${policy} says more.`].join('\n'),
    ...{ operation: policy, members, code: first.code },
    ...(repeated ? { repeated } : {}),
  };
}

/** What was to be looked at is over. */
export function pageGone(raised: NotifyEvent, atMs: number): NotifyEvent {
  const { repeated: _, ...rest } = raised;
  return {
    ...rest,
    name: raised.name === 'breaker-opened' ? 'breaker-closed' : 'page-resolved',
    atMs,
    severity: 'info',
    summary: `No longer: ${raised.summary}`,
  };
}

/** There is no quorum, and what a member has is kept. */
export function lastGaspKept(gasp: KeptGaspView, member: string, atMs: number): NotifyEvent {
  const { path, source, revision, bytes } = gasp;
  const how = {
    snapshot: 'a snapshot',
    'database-file': 'a copy of its database file',
    'data-dir': 'a copy of its data dir',
  }[source];
  return {
    name: 'last-gasp',
    atMs,
    severity: 'critical',
    summary: `The quorum is lost; ${how} of ${member} is kept${revision === undefined ? '' : ` (revision ${revision})`}`,
    description: `${formatBytes(bytes)} in ${path} on the machine of ${member}. Compare the revisions of all members before one is recovered from.`,
    members: [member],
  };
}

/** There is no quorum, and nothing of a member could be kept yet. */
export function lastGaspFailed(error: unknown, member: string, atMs: number): NotifyEvent {
  const { code, message, remedy } = faultOf(error);
  return {
    name: 'last-gasp-failed',
    atMs,
    severity: 'critical',
    summary: `The quorum is lost, and nothing of ${member} could be kept yet: ${message}`,
    description: [...(remedy === undefined ? [] : [remedy]), 'It is tried again.'].join('\n'),
    members: [member],
    code,
  };
}

/** Somebody has paused everything. */
export function paused(
  wish: { readonly reason: string; readonly by: string; readonly forMs: number },
  atMs: number,
): NotifyEvent {
  const { reason, by, forMs } = wish;
  const untilMs = atMs + forMs;
  return {
    name: 'paused',
    atMs,
    severity: 'warning',
    summary: `All operations are paused by ${by}: ${reason}`,
    description: `Until about ${isoTime(untilMs)}; etcd-caretaker resume ends it.`,
    ...{ by, untilMs },
  };
}

/** Somebody has said `resume`. */
export function resumed(by: string, atMs: number): NotifyEvent {
  const summary = `Operations are not paused any more, says ${by}`;
  return { name: 'resumed', atMs, severity: 'info', summary, description: 'All breakers are closed.', by };
}

function on(members: readonly string[]): string {
  return members.length === 0 ? '' : ` on ${members.join(', ')}`;
}
