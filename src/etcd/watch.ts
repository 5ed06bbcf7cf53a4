import type { Way } from './connection.ts';
import { EtcdError } from './errors.ts';
import { codeOfText, where } from './grpc-errors.ts';
import { duplexStream } from './streams.ts';
import type { WatchBatch, WatchRequest } from './types.ts';
import { WATCH, type WatchReply } from './wire/watch.ts';

/**
 * Watches until the consumer leaves, the signal is aborted, or it cannot go on: `ETCD_COMPACTED` (with the compact
 * revision), `ETCD_PERMISSION_DENIED`, `ETCD_WATCH_ENDED`, or what a call can fail with. It never starts again by itself:
 * only the consumer knows from which revision.
 */
export async function* watch(
  connection: Way,
  request: WatchRequest,
  signal: AbortSignal | undefined,
): AsyncGenerator<WatchBatch, void, undefined> {
  for await (const reply of duplexStream(connection, WATCH, request, signal)) {
    if (reply.canceled) throw canceled(connection, reply);
    const { header, fragment, events } = reply;
    yield { header, kind: kindOf(reply), fragment, events };
  }
  throw ended(connection, 'the server ended the watch');
}

function kindOf(reply: WatchReply): WatchBatch['kind'] {
  if (reply.created) return 'created';
  return reply.events.length === 0 ? 'progress' : 'events';
}

function canceled(connection: Way, reply: WatchReply): EtcdError {
  if (reply.compactRevision === 0n) return ended(connection, reply.cancelReason);
  const message = `the start revision is compacted; the oldest one left is ${reply.compactRevision}`;
  return ended(connection, message, reply.compactRevision);
}

function ended(connection: Way, reason: string, compactRevision?: bigint): EtcdError {
  const { member, endpoint } = connection.options;
  const code = compactRevision === undefined ? (codeOfText(reason) ?? 'ETCD_WATCH_ENDED') : 'ETCD_COMPACTED';
  return new EtcdError(code, `${where({ call: WATCH.name, member, endpoint: endpoint.url })}: ${reason}`, {
    member,
    ...(compactRevision === undefined ? {} : { compactRevision }),
  });
}
