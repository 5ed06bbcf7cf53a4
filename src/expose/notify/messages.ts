import { isoTime } from '../iso-time.ts';
import type { NotifyEvent, NotifyEventName } from './event.ts';

/** Of whom the events are. */
export interface Sender {
  readonly cluster: string;
  /** The member that the agent stands beside. */
  readonly member: string;
}

/** One alert of Alertmanager's API v2 (`POST /api/v2/alerts`). */
interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt?: string;
  readonly endsAt: string;
}

const minuteMs = 60_000;

/** How an event is an alert: under which name, whether it begins or ends, and how long it lasts unless something ends it. */
const forms: Readonly<Record<NotifyEventName, { alertname: string; ends?: boolean; lastsMs?: number }>> = {
  'operation-started': { alertname: 'EtcdCaretakerOperation', lastsMs: 6 * 60 * minuteMs },
  'operation-ended': { alertname: 'EtcdCaretakerOperation', ends: true },
  // These are repeated while they stand: the alert of a leader that dies ends soon.
  page: { alertname: 'EtcdCaretakerPage', lastsMs: 15 * minuteMs },
  'page-resolved': { alertname: 'EtcdCaretakerPage', ends: true },
  'breaker-opened': { alertname: 'EtcdCaretakerBreakerOpen', lastsMs: 15 * minuteMs },
  'breaker-closed': { alertname: 'EtcdCaretakerBreakerOpen', ends: true },
  'last-gasp': { alertname: 'EtcdCaretakerLastGasp' },
  'last-gasp-failed': { alertname: 'EtcdCaretakerLastGaspFailed' },
  'recovery-started': { alertname: 'EtcdCaretakerRecovery' },
  'recovery-ended': { alertname: 'EtcdCaretakerRecovery', ends: true },
  'recovery-held': { alertname: 'EtcdCaretakerRecoveryHeld', lastsMs: 15 * minuteMs },
  'recovery-held-no-more': { alertname: 'EtcdCaretakerRecoveryHeld', ends: true },
  paused: { alertname: 'EtcdCaretakerPaused' },
  resumed: { alertname: 'EtcdCaretakerPaused', ends: true },
};

/** What an alert is to its Alertmanager: the same from its beginning to its end, whoever tells it. */
const severityOfAlert: Readonly<Record<string, NotifyEvent['severity']>> = {
  EtcdCaretakerOperation: 'info',
  EtcdCaretakerPage: 'critical',
  EtcdCaretakerBreakerOpen: 'critical',
  EtcdCaretakerLastGasp: 'critical',
  EtcdCaretakerLastGaspFailed: 'critical',
  EtcdCaretakerRecovery: 'critical',
  EtcdCaretakerRecoveryHeld: 'critical',
  EtcdCaretakerPaused: 'warning',
};

/** How long the outcome of an operation stands as an alert of its own. */
const outcomeMs = 15 * minuteMs;

/** An event for an Alertmanager: what begins or ends with it. */
export function alertsOf(event: NotifyEvent, { cluster }: Sender): readonly Alert[] {
  const { alertname, ends = false, lastsMs = 60 * minuteMs } = forms[event.name];
  const isPage = alertname === 'EtcdCaretakerPage' || alertname === 'EtcdCaretakerRecoveryHeld';
  const labels = {
    alertname,
    severity: severityOfAlert[alertname] ?? event.severity,
    cluster,
    ...(event.operation === undefined ? {} : { operation: event.operation }),
    // Two pages of one policy differ by their reason; an operation by its members, which a page's decision may change.
    ...(isPage && event.code !== undefined ? { reason: event.code } : {}),
    ...(alertname === 'EtcdCaretakerOperation' || alertname.startsWith('EtcdCaretakerLastGasp')
      ? memberLabel(event)
      : {}),
  };
  const annotations = { summary: event.summary, description: event.description };
  const span = ends
    ? { endsAt: isoTime(event.atMs) }
    : { startsAt: isoTime(event.atMs), endsAt: isoTime(event.untilMs ?? event.atMs + lastsMs) };
  const main: Alert = { labels, annotations, ...span };
  if (event.name !== 'operation-ended' && event.name !== 'recovery-ended') return [main];
  const { outcome = 'succeeded' } = event;
  const ended: Alert = {
    labels: { ...labels, alertname: `${alertname}Ended`, severity: event.severity, outcome },
    annotations,
    startsAt: isoTime(event.atMs),
    endsAt: isoTime(event.atMs + outcomeMs),
  };
  // What was refused has never begun.
  return outcome === 'refused' ? [ended] : [main, ended];
}

/** An event for a webhook: plain JSON with a version of its own. Fields may be added; ids tell repeated deliveries apart. */
export function webhookMessage(event: NotifyEvent, { cluster, member }: Sender, deliveryId: string): object {
  const { name, atMs, untilMs, repeated: _, ...rest } = event;
  return {
    version: 1,
    event: name,
    deliveryId,
    at: isoTime(atMs),
    cluster,
    agent: member,
    ...rest,
    ...(untilMs === undefined ? {} : { until: isoTime(untilMs) }),
  };
}

function memberLabel({ members = [] }: NotifyEvent): { readonly member?: string } {
  return members.length === 0 ? {} : { member: members.join(',') };
}
