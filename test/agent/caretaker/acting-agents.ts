import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import type { HistoryEntry } from '../../../src/cluster/caretaking.ts';
import type { CaretakingView } from '../../../src/cluster/caretaking-view.ts';
import type { RealCluster } from '../../real/cluster.ts';
import { type RunningAgent, runningAgent } from '../running-agent.ts';

/** How long a test waits for what has to happen, on a machine with much else to do. */
export const patience = { timeout: 90_000, interval: 100 };

/** An agent that acts, beside each member of a real cluster. */
export interface ActingAgents extends AsyncDisposable {
  readonly agents: readonly RunningAgent[];
  view(index: number): CaretakingView;
  /** The one agent that leads, once there is exactly one. */
  leader(): Promise<RunningAgent>;
  /** Asks for an operation through the API of one agent; gives the entry with which it was answered. */
  /** The same, again and again until it succeeds: on a busy machine something may be held up by a slow answer. */
  done(operation: string, options?: { readonly through?: number }): Promise<HistoryEntry>;
  /** Asks until it is refused, and this is the first reason. */
  refused(operation: string, code: string): Promise<HistoryEntry>;
  /** Starts an agent beside the same member and at the same URL as one that was closed. */
  restart(agent: RunningAgent): Promise<RunningAgent>;
  /** Sends a change to the API of the first agent. */
  change(
    method: 'POST' | 'DELETE',
    path: string,
    body?: Readonly<Record<string, unknown>>,
  ): Promise<{ readonly status: number; readonly text: string }>;
  run(operation: string, options?: { readonly member?: string; readonly through?: number }): Promise<HistoryEntry>;
}

/** At least as long as the agents ask for. */
const token = 'a-token-for-tests-only-0123456789abcdef';

const settings = {
  'observe.interval': '2s',
  // A busy machine may be slow to answer; that is not what is tested.
  'observe.deadline': '1900ms',
  'lead.ttl': '5s',
  'maintenance.armAfter': '0s',
  'maintenance.defrag.settle': '1s',
  'maintenance.hashCheck.mode': 'off',
};

/** Starts them; whoever starts them closes them. */
export async function actingAgents(
  cluster: RealCluster,
  set: Readonly<Record<string, string>> = {},
  { only = cluster.members.length }: { readonly only?: number } = {},
): Promise<ActingAgents> {
  const folder = await mkdtemp(join(tmpdir(), 'etcd-caretaker-acting-'));
  const tokenFile = join(folder, 'token');
  await writeFile(tokenFile, token, { mode: 0o600 });
  const all = { ...settings, 'expose.auth.tokenFile': tokenFile, ...set };
  const agents = await Promise.all(cluster.members.slice(0, only).map((member) => runningAgent(cluster, member, all)));
  const restarted: RunningAgent[] = [];
  const viewOf = (agent: RunningAgent | undefined): CaretakingView => {
    const view = agent?.observation().caretaking;
    if (view === undefined) throw new Error('the agent does not act yet');
    return view;
  };
  const run: ActingAgents['run'] = async (operation, { member, through = 0 } = {}) => {
    const agent = agents[through];
    const id = await vi.waitFor(() => ask(agent?.url ?? '', { operation, member }), patience);
    return vi.waitFor(() => {
      const entry = viewOf(agent).history.find((each) => each.id === id);
      if (entry === undefined) throw new Error(`${operation} is not answered`);
      return entry;
    }, patience);
  };
  return {
    agents,
    view: (index) => viewOf(agents[index]),
    leader: () =>
      vi.waitFor(() => {
        const leading = agents.filter((agent) => viewOf(agent).leads);
        const [only] = leading;
        if (only === undefined || leading.length > 1) throw new Error(`${leading.length} agents lead`);
        return only;
      }, patience),
    restart: async (agent) => {
      const member = cluster.members[agents.indexOf(agent)];
      if (member === undefined) throw new Error('it is none of these agents');
      const listen = new URL(agent.url).host;
      const again = await runningAgent(cluster, member, { ...all, 'expose.listen': listen });
      restarted.push(again);
      return again;
    },
    change: (method, path, body) => change(agents[0]?.url ?? '', method, path, body),
    run,
    refused: (operation, code) =>
      vi.waitFor(async () => {
        const entry = await run(operation);
        if (entry.outcome !== 'refused') throw new Error(`${entry.outcome}: ${entry.summary}`);
        if (entry.code !== code) throw new Error(`${entry.code}, not ${code}: ${entry.reasons.join('; ')}`);
        return entry;
      }, patience),
    done: (operation, options) =>
      vi.waitFor(async () => {
        const entry = await run(operation, options);
        if (entry.outcome !== 'succeeded') throw new Error(`${entry.outcome}: ${entry.summary}`);
        return entry;
      }, patience),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...agents, ...restarted].map((agent) => agent.close()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function ask(url: string, body: Readonly<Record<string, unknown>>): Promise<string> {
  const { status, text } = await change(url, 'POST', '/api/v1/operations', body);
  const { id } = JSON.parse(text) as { readonly id?: string };
  if (status !== 202 || id === undefined) throw new Error(`${status}: ${text}`);
  return id;
}

async function change(
  url: string,
  method: 'POST' | 'DELETE',
  path: string,
  body?: Readonly<Record<string, unknown>>,
): Promise<{ readonly status: number; readonly text: string }> {
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, text: await answer.text() };
}
