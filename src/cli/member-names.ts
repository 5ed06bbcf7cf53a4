import type { AgentClient } from './agent-client.ts';

/** Says a member as people know it: by its name, or by its id where that is all that is known. */
export type NameOf = (memberId: string) => string;

/** The names of the members, as this agent knows them; where it does not answer, ids stay ids. */
export async function memberNames(agent: AgentClient): Promise<NameOf> {
  const names = new Map<string, string>();
  const status = await agent.get('/api/v1/status').catch(() => undefined);
  const members = typeof status === 'object' && status !== null && 'members' in status ? status.members : undefined;
  for (const member of Array.isArray(members) ? (members as readonly unknown[]) : []) {
    if (typeof member !== 'object' || member === null || !('id' in member && 'name' in member)) continue;
    if (typeof member.id === 'string' && typeof member.name === 'string') names.set(member.id, member.name);
  }
  return (memberId) => names.get(memberId) || memberId;
}
