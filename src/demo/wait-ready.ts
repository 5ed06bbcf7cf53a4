import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentError } from '../cluster/agent-error.ts';
import type { AgentKeeper } from './agent-keeper.ts';
import type { DemoChild } from './child.ts';
import type { MemberLayout } from './layout.ts';
import { listens } from './listens.ts';

const membersTimeoutMs = 60_000;
const agentTimeoutMs = 15_000;
const pollMs = 100;
const requestTimeoutMs = 2_000;

/**
 * Waits until every member answers a linearizable read (an alarm does not matter). Throws `DEMO_ETCD_FAILED` with the
 * end of etcd's own log when one ends before, or takes longer than a minute; `LISTEN_IN_USE` when it ended since
 * somebody else has its port by now.
 */
export async function waitForMembers(
  members: readonly { readonly layout: MemberLayout; readonly etcd: DemoChild }[],
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(
    members.map(async ({ layout, etcd }) => {
      const url = `${layout.endpoint}/health?exclude=NOSPACE&exclude=CORRUPT`;
      const isReady = await poll(url, membersTimeoutMs, signal, {
        goOn: () => etcd.running,
        isOurs: () => listens(etcd.pid, layout.ports[0]),
      });
      if (!(isReady || signal.aborted)) {
        const problem = etcd.running ? `does not answer after ${membersTimeoutMs / 1000} s` : 'has ended';
        const log = await endOf(layout.etcdLog);
        if (!etcd.running && log.includes('address already in use')) {
          throw portsTaken(`the demo's etcd cannot listen; the end of its log:\n${log}`, layout.name);
        }
        throw new AgentError('DEMO_ETCD_FAILED', `the demo's etcd ${problem}; the end of its log:\n${log}`, {
          member: layout.name,
          remedy: `see ${layout.etcdLog}; data of another demo in the folder does not fit this one`,
        });
      }
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
      const log = await endOf(layout.agentLog);
      const message = `the demo's agent does not start; the end of its log:\n${log}`;
      if (log.includes('LISTEN_IN_USE')) {
        throw portsTaken(message, layout.name);
      }
      throw new AgentError('USAGE', message, {
        member: layout.name,
        remedy: 'mend what the agent says of its settings',
      });
    }),
  );
  return names.flat();
}

function portsTaken(message: string, member: string): AgentError {
  return new AgentError('LISTEN_IN_USE', message, {
    member,
    remedy: 'another program, perhaps another demo, was faster: end it, or choose other ports with --base-port P',
  });
}

async function endOf(logFile: string): Promise<string> {
  return (await readFile(logFile, 'utf8').catch(() => '')).trim().split('\n').slice(-3).join('\n');
}

interface Patience {
  /** There is sense in waiting. */
  readonly goOn: () => boolean;
  /** Whoever answers is the one that was started for it. */
  readonly isOurs: () => boolean;
}

/** Asks `url` until the one that was started for it answers with a 2xx; false when that did not happen in time or there is no sense in waiting. */
async function poll(url: string, timeoutMs: number, signal: AbortSignal, patience: Patience): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (!signal.aborted && patience.goOn() && performance.now() < deadline) {
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
