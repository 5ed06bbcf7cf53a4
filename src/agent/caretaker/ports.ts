import { randomUUID } from 'node:crypto';
import { AgentError } from '../../cluster/agent-error.ts';
import type { Decision, RequestRecord } from '../../cluster/caretaking.ts';
import { requestedDecision } from '../../decide/requested.ts';
import { EtcdError } from '../../etcd/errors.ts';
import type { CaretakingPorts, DecisionsReply, OperationWish } from '../../expose/caretaking-ports.ts';
import { addHistory, historyToDrop } from '../../journal/history.ts';
import { pause, resume } from '../../journal/pause.ts';
import { putRequest } from '../../journal/requests.ts';
import type { Caretaker } from './caretaker.ts';

/** Requests that may wait at a time: the journal is small, and a person asks for one. */
const MOST_REQUESTS = 20;

/** What the API can do with a caretaker; before there is one, everything is refused with `NOT_ACTING_YET`. */
export function portsOf(caretaker: () => Caretaker | undefined): CaretakingPorts {
  const ports = plainPorts(caretaker);
  return {
    ...ports,
    request: (wish, signal) => ports.request(wish, signal).catch(whileFull),
    pause: (wish, signal) => ports.pause(wish, signal).catch(whileFull),
    resume: (by, signal) => ports.resume(by, signal).catch(whileFull),
  };
}

/** What a person says is written into etcd, which takes nothing just now. */
function whileFull(error: unknown): never {
  if (!(error instanceof EtcdError) || error.code !== 'ETCD_NOSPACE') throw error;
  throw new EtcdError('ETCD_NOSPACE', 'Etcd refuses writes, so this cannot be written down for the agents.', {
    cause: error,
    remedy:
      'They bring it back by themselves: see `explain nospace`. To keep an agent from acting now, say `pause --local` beside it.',
  });
}

function plainPorts(caretaker: () => Caretaker | undefined): CaretakingPorts {
  const there = (): Caretaker => {
    const found = caretaker();
    if (found !== undefined) return found;
    throw new AgentError('NOT_ACTING_YET', 'This agent does not know its member yet, so it takes no part in acting.', {
      remedy: 'Wait until its member has answered once, or ask the agent beside another member.',
    });
  };
  return {
    decisions: (signal) => decisions(there(), signal),
    operations: () => {
      const { slot, requests, history } = there().view();
      return { ...(slot === undefined ? {} : { slot }), requests, history };
    },
    request: async (wish, signal) => {
      const { acting } = there();
      const record = requestOf(there(), wish);
      refuseFlood(there().view().requests.length);
      await putRequest(acting.options.client, acting.keys, record, signal);
      acting.options.events.log('operation asked for', { operation: wish.operation, by: wish.by, id: record.id });
      return { id: record.id };
    },
    dryRun: (wish, signal) => dryRun(there(), wish, signal),
    pause: async (wish, signal) => {
      const { acting } = there();
      const { client } = acting.options;
      const { revision } = await pause(client, acting.keys, wish, signal);
      acting.options.events.onPaused(wish);
      await note(there(), { operation: 'pause', by: wish.by, summary: wish.reason, revision }, signal);
    },
    nudge: () => ({ heeded: there().nudge() }),
    resume: async (by, signal) => {
      const { acting } = there();
      const revision = await resume(acting.options.client, acting.keys, by, signal);
      acting.options.events.onResumed(by);
      await note(
        there(),
        { operation: 'resume', by, summary: 'The pause has ended, breakers are closed.', revision },
        signal,
      );
    },
  };
}

/** The leader's, which another agent has to be asked for where this one does not lead. */
async function decisions(caretaker: Caretaker, signal: AbortSignal): Promise<DecisionsReply> {
  const { leads, leader, agents } = caretaker.view();
  if (leads || leader === undefined) return ownDecisions(caretaker);
  const url = agents.find(({ memberId }) => memberId === leader.memberId)?.url;
  if (url === undefined) {
    throw new AgentError('LEADER_HAS_NO_URL', `The agent beside ${leader.member} leads, and it names no URL.`, {
      member: leader.member,
      remedy: 'Ask it on its own machine, or set expose.advertise there.',
    });
  }
  const reply = await caretaker.acting.options.fetchAgent(url, '/api/v1/decisions', signal);
  if (typeof reply === 'object' && reply !== null && 'decisions' in reply && Array.isArray(reply.decisions)) {
    // It was made by another agent for the same readers, and passes through as it is.
    return reply as DecisionsReply;
  }
  throw new AgentError(
    'LEADER_ANSWER_UNKNOWN',
    `The leading agent beside ${leader.member} answered in words that this version does not know.`,
    {
      member: leader.member,
      remedy: 'Bring the agents to one version.',
    },
  );
}

function ownDecisions({ view, acting }: Caretaker): DecisionsReply {
  const { leader, decisions: newest, decidedAtMs } = view();
  const { breakerFailures } = acting.options.settings;
  const breakers = newest.flatMap(({ policy, reasons }) =>
    reasons.some(({ code }) => code === 'BREAKER_OPEN') ? [{ policy, failures: breakerFailures }] : [],
  );
  return {
    ...(leader === undefined ? {} : { leader }),
    ...(breakers.length === 0 ? {} : { breakers }),
    ...(decidedAtMs === undefined ? {} : { decidedAtMs }),
    decisions: newest,
  };
}

async function dryRun(caretaker: Caretaker, wish: OperationWish, signal: AbortSignal): Promise<Decision> {
  const { acting } = caretaker;
  const state = await acting.source.observe(signal);
  const { decision, refused } = requestedDecision(state, acting.options.settings, requestOf(caretaker, wish));
  if (decision !== undefined) return decision;
  throw new AgentError('OPERATION_UNKNOWN', refused?.[0]?.message ?? `There is no operation ${wish.operation}.`, {
    remedy: `It is one of ${Object.keys(acting.operations).join(', ')}.`,
  });
}

/** Throws `MEMBER_UNKNOWN`, `OPERATION_UNKNOWN`. */
function requestOf({ acting, view }: Caretaker, { operation, member, to, rehearse, by }: OperationWish): RequestRecord {
  const known = Object.keys(acting.operations);
  if (!known.includes(operation)) {
    throw new AgentError('OPERATION_UNKNOWN', `There is no operation ${operation}.`, {
      remedy: `It is one of ${known.join(', ')}.`,
    });
  }
  const members = acting.options.observation().sections.cluster?.value?.members ?? [];
  // What is to be taken in is in no list, and goes by the name that its agent gives.
  const candidates = view().agents.filter(({ candidate }) => candidate !== undefined);
  const target =
    members.find(({ id, name }) => id === member || name === member)?.id ??
    candidates.find((agent) => agent.memberId === member || agent.member === member)?.memberId;
  if (member !== undefined && target === undefined) {
    const names = members.map(({ id, name }) => (name === '' ? id : name)).join(', ');
    throw new AgentError('MEMBER_UNKNOWN', `There is no member ${member}.`, {
      remedy: names === '' ? 'Wait until the agent knows the member list.' : `Name one of ${names}.`,
    });
  }
  return {
    id: randomUUID(),
    operation,
    ...(target === undefined ? {} : { target }),
    ...(to === undefined ? {} : { to }),
    ...(rehearse === undefined ? {} : { rehearse }),
    by,
    atMs: Date.now(),
  };
}

/** Throws `REQUESTS_WAITING` where so many wait already that a loop must be asking. @param waiting how many do */
function refuseFlood(waiting: number): void {
  if (waiting < MOST_REQUESTS) return;
  throw new AgentError('REQUESTS_WAITING', `${waiting} requests wait already, and no more are taken.`, {
    remedy: 'See with `etcd-caretaker explain` what they wait for; each is answered within 10 minutes.',
  });
}

/** The audit of what people say. What was said counts, also where it could not be noted. */
async function note(
  caretaker: Caretaker,
  said: { readonly operation: string; readonly by: string; readonly summary: string; readonly revision: bigint },
  signal: AbortSignal,
): Promise<void> {
  const { acting } = caretaker;
  const { epoch = 0n, history } = caretaker.view();
  const atMs = Date.now();
  const entry = {
    revision: said.revision,
    id: randomUUID(),
    operation: said.operation,
    outcome: 'succeeded' as const,
    epoch,
    holder: acting.registration.record.memberId,
    targets: [],
    startedAtMs: atMs,
    endedAtMs: atMs,
    seconds: 0,
    reasons: [],
    summary: said.summary,
    requestedBy: said.by,
    steps: [],
    figures: {},
  };
  await addHistory(acting.options.client, acting.keys, entry, historyToDrop(history), signal).catch(
    (error: unknown) => {
      if (error instanceof EtcdError && error.code === 'ETCD_NOSPACE') acting.unwritten.push(entry);
      else acting.options.events.onFault(`note of the ${said.operation}`, error);
    },
  );
}
