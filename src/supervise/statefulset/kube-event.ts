import { createHash } from 'node:crypto';

/** The object that an event is about. */
export interface Involved {
  readonly kind: 'StatefulSet' | 'Pod';
  readonly name: string;
  /** `kubectl describe` shows only events that have it. */
  readonly uid: string;
}

/** Something that happened, as `kubectl get events` and `kubectl describe` show it. */
export interface KubeEvent {
  /** The same for the same thing, whoever tells of it and however often: it makes the event's name. */
  readonly id: string;
  readonly involved: Involved;
  /** In CamelCase, for programs: `ReplaceSucceeded`. */
  readonly reason: string;
  readonly message: string;
  readonly type: 'Normal' | 'Warning';
  readonly atMs: number;
}

const versions = { StatefulSet: 'apps/v1', Pod: 'v1' } as const;

/** What the API takes: `message` in bytes, `reason` in characters (k8s.io/api/core/v1, events.k8s.io/v1). */
const MOST_MESSAGE_BYTES = 1024;
const MOST_REASON_LENGTH = 128;

/** An event as the API takes it (core/v1). @param host name of the pod that tells of it */
export function eventBody(
  event: KubeEvent,
  { namespace, host }: { readonly namespace: string; readonly host: string },
): object {
  const { id, involved, reason, message, type, atMs } = event;
  const at = `${new Date(atMs).toISOString().slice(0, 19)}Z`;
  return {
    ...{ apiVersion: 'v1', kind: 'Event' },
    metadata: { name: `${involved.name}.${digest(`${id} ${involved.uid} ${reason}`)}`, namespace },
    involvedObject: { apiVersion: versions[involved.kind], ...involved, namespace },
    reason: reason.slice(0, MOST_REASON_LENGTH),
    message: shortened(message, MOST_MESSAGE_BYTES),
    type,
    ...{ firstTimestamp: at, lastTimestamp: at, count: 1 },
    source: { component: 'etcd-caretaker', host },
    ...{ reportingComponent: 'etcd-caretaker', reportingInstance: host },
  };
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** At most so many bytes, cut between characters. */
function shortened(text: string, mostBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= mostBytes) return text;
  const room = mostBytes - Buffer.byteLength('…');
  // A character that was cut through is left out as a whole.
  return `${bytes
    .subarray(0, room)
    .toString()
    .replace(/\uFFFD$/, '')}…`;
}
