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
  run(operation: string, options?: { readonly member?: string; readonly through?: number }): Promise<HistoryEntry>;
}

const settings = {
  'observe.interval': '1s',
  'lead.ttl': '3s',
  'maintenance.armAfter': '0s',
  'maintenance.defrag.settle': '1s',
  'maintenance.hashCheck.mode': 'off',
};

/** Starts them; whoever starts them closes them. */
export async function actingAgents(
  cluster: RealCluster,
  set: Readonly<Record<string, string>> = {},
): Promise<ActingAgents> {
  const agents = await Promise.all(
    cluster.members.map((member) => runningAgent(cluster, member, { ...settings, ...set })),
  );
  const viewOf = (agent: RunningAgent | undefined): CaretakingView => {
    const view = agent?.observation().caretaking;
    if (view === undefined) throw new Error('the agent does not act yet');
    return view;
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
    run: async (operation, { member, through = 0 } = {}) => {
      const agent = agents[through];
      const id = await vi.waitFor(() => ask(agent?.url ?? '', { operation, member }), patience);
      return vi.waitFor(() => {
        const entry = viewOf(agent).history.find((each) => each.id === id);
        if (entry === undefined)
          throw new Error(`${operation} is not answered: ${JSON.stringify(viewOf(agent).decisions)}`);
        return entry;
      }, patience);
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(agents.map((agent) => agent.close()));
    },
  };
}

async function ask(url: string, body: Readonly<Record<string, unknown>>): Promise<string> {
  const answer = await fetch(`${url}/api/v1/operations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const json = (await answer.json()) as { readonly id?: string };
  if (answer.status !== 202 || json.id === undefined) throw new Error(`${answer.status}: ${JSON.stringify(json)}`);
  return json.id;
}
