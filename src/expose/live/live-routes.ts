import { toJson } from '../http/json.ts';
import { ProblemError } from '../http/problem.ts';
import type { Route, RouteRequest, StreamReply, WholeReply } from '../http/route.ts';
import { liveOperations as documents } from '../openapi/live-operations.ts';
import type { LivePorts } from './live-ports.ts';
import { LiveStream } from './live-stream.ts';

/** Streams that may be open at a time: each is a connection, and what it has not read yet. */
const mostStreams = 64;

/** What the routes of what is shown live need. */
export interface LiveRoutesOptions {
  /** Absent: this agent shows nothing live, and the routes say so. */
  readonly live?: LivePorts;
}

const json = 'application/json';
const eventStream = 'text/event-stream';

/** The routes by which a page, and other agents, see what goes on now. */
export function liveRoutes({ live }: LiveRoutesOptions): readonly Route[] {
  const stream = live && new LiveStream(live);
  let open = 0;
  const whole = (read: (ports: LivePorts) => unknown): Pick<Route, 'method' | 'access' | 'types' | 'handle'> => ({
    method: 'GET',
    access: 'read',
    types: [json],
    handle: (): WholeReply => ({ contentType: json, body: toJson(read(live ?? notLive())) }),
  });
  const take = ({ signal }: RouteRequest): void => {
    if (open >= mostStreams) throw tooMany();
    // Its connection is what ends it, also where it was only asked for the head.
    open += 1;
    signal.addEventListener('abort', () => (open -= 1), { once: true });
  };
  return [
    { ...whole((ports) => ports.member()), path: '/api/v1/member', operation: documents.member },
    { ...whole((ports) => ports.history()), path: '/api/v1/history', operation: documents.history },
    {
      method: 'GET',
      path: '/api/v1/stream',
      access: 'read',
      types: [eventStream],
      operation: documents.stream,
      handle: (request): StreamReply => {
        const shown = stream ?? notLive();
        take(request);
        return {
          contentType: eventStream,
          // A proxy that keeps back what it has not enough of would show everything late.
          headers: { 'x-accel-buffering': 'no' },
          heartbeat: ':\n\n',
          stream: (client) => shown.open(client),
        };
      },
    },
  ];
}

function notLive(): never {
  throw new ProblemError({ status: 503, code: 'NOT_LIVE', detail: 'This agent shows nothing live.' });
}

function tooMany(): ProblemError {
  return new ProblemError({
    status: 503,
    code: 'STREAMS_TOO_MANY',
    detail: `${mostStreams} streams are open here already. Close a page that nobody looks at, or ask the agent beside another member.`,
    headers: { 'retry-after': '10' },
  });
}
