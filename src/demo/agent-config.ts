import { writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import type { DemoLayout, MemberLayout } from './layout.ts';

/** Writes the configuration of one agent of the demo; what `--set` says comes on top of it, as flags of the agent. */
export async function writeAgentConfig(layout: DemoLayout, member: MemberLayout): Promise<void> {
  const config = {
    member: { name: member.name, endpoint: member.endpoint, dataDir: member.dataDir },
    cluster: { name: 'demo', endpoints: layout.members.map(({ endpoint }) => endpoint) },
    expose: {
      listen: `127.0.0.1:${member.ports[2]}`,
      socket: member.agentSocket,
      auth: { tokenFile: layout.tokenFile },
    },
  };
  await writeFile(member.agentConfig, stringify(config), { mode: 0o600 });
}
