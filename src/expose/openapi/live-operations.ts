import type { OperationDocument } from '../http/route.ts';
import { json, problem } from './contents.ts';

const notLive = problem('This agent shows nothing live.');

/** What each route of what is shown live is, for the API document. */
export const liveOperations = {
  member: {
    operationId: 'getMember',
    summary: 'The own member in brief, with its newest sample',
    description: 'What agents ask each other for while somebody watches.',
    responses: { 200: json('The member as its agent knows it. What is not known is absent.', 'Member'), 503: notLive },
  },
  history: {
    operationId: 'getHistory',
    summary: 'The last hour of the own member',
    description:
      "From the agent's memory: since it started. Of latencies and lags each sample has the worst since the one before.",
    responses: {
      200: json('Times, and for each what was measured; null where nothing was known.', 'History'),
      503: notLive,
    },
  },
  stream: {
    operationId: 'getStream',
    summary: 'What goes on, as it happens',
    description:
      'Server-sent events. The stream begins with all of `status`, `members`, `decisions`, `operations`, `backups`, `keyspace`, `changes` and `history`; each comes again, whole, when it has changed, and `sample` for each new sample of a history. The data are JSON. While a stream is open the agent asks the others once a second. It ends when its token is no longer right.',
    responses: {
      200: {
        description: 'Events until one side ends it; a comment every 10 s.',
        content: { 'text/event-stream': { schema: { $ref: '#/components/schemas/StreamParts' } } },
      },
      503: problem('So many streams are open that no more are taken, or this agent shows nothing live.'),
    },
  },
} as const satisfies Readonly<Record<string, OperationDocument>>;
