import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentError } from '../cluster/agent-error.ts';
import type { DemoChild } from './child.ts';
import type { MemberLayout } from './layout.ts';

const membersTimeoutMs = 60_000;
const agentTimeoutMs = 15_000;
const pollMs = 100;
const requestTimeoutMs = 2_000;

/**
 * Waits until every member answers a linearizable read (an alarm does not matter). Throws `DEMO_ETCD_FAILED` with the
 * end of etcd's own log when one ends before, or takes longer than a minute.
 */
export async function waitForMembers(
  members: readonly { readonly layout: MemberLayout; readonly etcd: DemoChild }[],
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(
    members.map(async ({ layout, etcd }) => {
      const url = `${layout.endpoint}/health?exclude=NOSPACE&exclude=CORRUPT`;
      const isReady = await poll(url, membersTimeoutMs, signal, () => etcd.running);
      if (!(isReady || signal.aborted)) {
        const problem = etcd.running ? `does not answer after ${membersTimeoutMs / 1000} s` : 'has ended';
        const log = (await readFile(layout.etcdLog, 'utf8').catch(() => '')).trim().split('\n').slice(-3).join('\n');
        throw new AgentError('DEMO_ETCD_FAILED', `the demo's etcd ${problem}; the end of its log:\n${log}`, {
          member: layout.name,
          remedy: `see ${layout.etcdLog}; data of another demo in the folder does not fit this one`,
        });
      }
    }),
  );
}

/** Waits, at most 15 s, until the agents say that they observe their members. Gives the names of those that do not. */
export async function waitForAgents(members: readonly MemberLayout[], signal: AbortSignal): Promise<string[]> {
  const answers = await Promise.all(
    members.map(({ agentUrl }) => poll(`${agentUrl}/readyz`, agentTimeoutMs, signal, () => true)),
  );
  return members.filter((_, index) => answers[index] !== true).map(({ name }) => name);
}

/** Asks `url` until it answers with a 2xx; false when that did not happen in time or there is no sense in waiting. */
async function poll(url: string, timeoutMs: number, signal: AbortSignal, goOn: () => boolean): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (!signal.aborted && goOn() && performance.now() < deadline) {
    const request = AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)]);
    const answer = await fetch(url, { signal: request }).catch(() => undefined);
    await answer?.arrayBuffer().catch(() => undefined);
    if (answer?.ok === true) {
      return true;
    }
    await sleep(pollMs, undefined, { signal }).catch(() => undefined);
  }
  return false;
}
