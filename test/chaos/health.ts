import { sparesMissing } from '../../src/lead/spare-stock.ts';
import type { ChaosAgent } from './chaos-agent.ts';
import type { ChaosCluster } from './chaos-cluster.ts';

/** What is not as it is in a healthy cluster with nothing under way; undefined where all is well. */
export async function notIdle(chaos: ChaosCluster): Promise<string | undefined> {
  const { journal, agents } = chaos;
  if (!journal.connected) return 'the journal cannot be followed';
  if (journal.slotRevision > 0n) return `the slot is not empty: ${journal.slot?.slot.operation}`;
  if (journal.requests.length > 0) return 'a request is not answered';
  if (journal.unreadable.length > 0) return `unreadable keys: ${journal.unreadable.map(({ key }) => key).join(', ')}`;
  if (journal.armed === undefined) return 'not armed';
  const urls = journal.agents.map(({ url }) => url);
  const unknown = agents.filter(({ url }) => !urls.includes(url)).map(({ member }) => member);
  if (unknown.length > 0 || urls.length !== agents.length) return `not registered: ${unknown.join(', ')}`;
  const ids = journal.agents.map(({ memberId }) => memberId);
  if (sparesMissing(journal, ids)) return 'the stock of spare epochs is not complete';
  return (await membersWrong(chaos)) ?? (await leadersWrong(chaos));
}

async function membersWrong({ clients }: ChaosCluster): Promise<string | undefined> {
  const wrong = await Promise.all(
    clients.map(async (client) => {
      await client.linearizableRead();
      const { isLearner, alarms, errors } = await client.status().then(async (status) => ({
        ...status,
        alarms: await client.alarms(),
      }));
      const raised = alarms.map(({ alarm }) => alarm).join(', ');
      if (isLearner === true) return `${client.member} is a learner`;
      return raised === '' ? undefined : `${client.member} has ${raised} (${errors})`;
    }),
  );
  return wrong.find((text) => text !== undefined);
}

/** Exactly one agent says that it leads, and it is the one in the journal. */
async function leadersWrong({ agents, agentOf, journal }: ChaosCluster): Promise<string | undefined> {
  const leading = await Promise.all(agents.map(async (agent) => ((await leads(agent)) ? agent.member : [])));
  const said = leading.flat().join(', ');
  const written = agentOf(journal.leader?.memberId)?.member ?? 'nobody';
  return said === written
    ? undefined
    : `${said === '' ? 'no agent' : said} says that it leads, the journal says ${written}`;
}

async function leads({ url }: ChaosAgent): Promise<boolean> {
  const answer = await fetch(`${url}/api/v1/observation`, { signal: AbortSignal.timeout(5000) });
  const { caretaking } = (await answer.json()) as { readonly caretaking?: { readonly leads: boolean } };
  return caretaking?.leads === true;
}
