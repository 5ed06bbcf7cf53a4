import { setTimeout as sleep } from 'node:timers/promises';
import { AgentError } from '../cluster/agent-error.ts';
import { readTail } from '../supervise/child/log-file.ts';
import type { AgentKeeper } from './agent-keeper.ts';
import type { MemberLayout } from './layout.ts';
import { listens } from './listens.ts';

const membersTimeoutMs = 60_000;
const agentTimeoutMs = 15_000;
const pollMs = 100;
const requestTimeoutMs = 2_000;

/** A member whose agent is to start it. */
export interface AwaitedMember {
  readonly layout: MemberLayout;
  readonly keeper: AgentKeeper;
  /** The process of its etcd that runs now. */
  readonly etcdPid: () => number | undefined;
  /** How long the log of etcd was before this demo: what stands there is of another. */
  readonly logFromBytes: number;
}

/**
 * Waits until the agents have started their members and every one answers a linearizable read (an alarm does not matter).
 * Throws `DEMO_ETCD_FAILED` with the end of etcd's own log when that takes longer than a minute; `LISTEN_IN_USE` when
 * somebody else has its port by now, or, as `USAGE`, what an agent says that refuses to run.
 */
export async function waitForMembers(members: readonly AwaitedMember[], signal: AbortSignal): Promise<void> {
  await Promise.all(
    members.map(async (member) => {
      const { layout, keeper, etcdPid } = member;
      const url = `${layout.endpoint}/health?exclude=NOSPACE&exclude=CORRUPT`;
      const isReady = await poll(url, membersTimeoutMs, signal, {
        goOn: async () => !(keeper.refused || (await hasLostPort(member))),
        isOurs: () => listens(etcdPid(), layout.ports[0]),
      });
      if (isReady || signal.aborted) return;
      if (keeper.refused) throw await refusalOf(layout);
      const log = await endOf(layout.etcdLog);
      if (await hasLostPort(member)) {
        throw portsTaken(`the demo's etcd cannot listen; the end of its log:\n${log}`, layout.name);
      }
      const message = `the demo's etcd does not answer after ${membersTimeoutMs / 1000} s; the end of its log:\n${log}`;
      throw new AgentError('DEMO_ETCD_FAILED', message, {
        member: layout.name,
        remedy: `see ${layout.etcdLog} and ${layout.agentLog}; data of another demo in the folder do not fit this one`,
      });
    }),
  );
}

/**
 * Waits, at most 15 s, until the agents say that they observe their members. Gives the names of those that do not.
 * Throws `LISTEN_IN_USE` or `USAGE`, with the end of its log, when an agent refuses to run as it was started.
 */
export async function waitForAgents(
  agents: readonly { readonly layout: MemberLayout; readonly keeper: AgentKeeper }[],
  signal: AbortSignal,
): Promise<string[]> {
  const names = await Promise.all(
    agents.map(async ({ layout, keeper }) => {
      const isReady = await poll(`${layout.agentUrl}/readyz`, agentTimeoutMs, signal, {
        goOn: () => !keeper.refused,
        isOurs: () => listens(keeper.pid, layout.ports[2]),
      });
      if (isReady || signal.aborted || !keeper.refused) {
        return isReady ? [] : [layout.name];
      }
      throw await refusalOf(layout);
    }),
  );
  return names.flat();
}

/** What an agent says that has ended with exit code 2. */
async function refusalOf(layout: MemberLayout): Promise<AgentError> {
  const log = await endOf(layout.agentLog);
  const message = `the demo's agent does not start; the end of its log:\n${log}`;
  if (log.includes('LISTEN_IN_USE')) return portsTaken(message, layout.name);
  return new AgentError('USAGE', message, { member: layout.name, remedy: 'mend what the agent says of its settings' });
}

/** Its agent would start it again and again, and find the port taken each time. */
async function hasLostPort({ layout, etcdPid, logFromBytes }: AwaitedMember): Promise<boolean> {
  if (etcdPid() !== undefined) return false;
  return lastLines(await readTail(layout.etcdLog, logFromBytes)).includes('bind: address already in use');
}

function portsTaken(message: string, member: string): AgentError {
  return new AgentError('LISTEN_IN_USE', message, {
    member,
    remedy: 'another program, perhaps another demo, was faster: end it, or choose other ports with --base-port P',
  });
}

async function endOf(logFile: string): Promise<string> {
  return lastLines(await readTail(logFile, 0));
}

function lastLines(log: string): string {
  return log.trim().split('\n').slice(-3).join('\n');
}

interface Patience {
  /** There is sense in waiting. */
  readonly goOn: () => boolean | Promise<boolean>;
  /** Whoever answers is the one that was started for it. */
  readonly isOurs: () => boolean;
}

/** Asks `url` until the one that was started for it answers with a 2xx; false when that did not happen in time or there is no sense in waiting. */
async function poll(url: string, timeoutMs: number, signal: AbortSignal, patience: Patience): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (!signal.aborted && (await patience.goOn()) && performance.now() < deadline) {
    const request = AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)]);
    const answer = await fetch(url, { signal: request }).catch(() => undefined);
    await answer?.arrayBuffer().catch(() => undefined);
    if (answer?.ok === true && patience.isOurs()) {
      return true;
    }
    await sleep(pollMs, undefined, { signal }).catch(() => undefined);
  }
  return false;
}
