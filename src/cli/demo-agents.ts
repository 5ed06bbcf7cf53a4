import { join } from 'node:path';
import { AgentError } from '../cluster/agent-error.ts';
import type { DemoFile } from '../demo/demo-file.ts';
import { readNamedFile } from './named-file.ts';

/** The agents of a demo. */
export interface DemoAgents {
  readonly agents: readonly { readonly url: string; readonly member: string }[];
  readonly token: string | undefined;
}

/** The agents that the `demo.json` of a demo's folder names. Throws `USAGE` where there is none. */
export async function readDemo(folder: string): Promise<DemoAgents> {
  const file = join(folder, 'demo.json');
  const text = await readNamedFile(
    file,
    'Name the folder that the demo has printed; its demo.json is there once it runs.',
  );
  try {
    const { members, token } = JSON.parse(text) as Pick<DemoFile, 'members'> & Partial<DemoFile>;
    return { agents: members.map(({ agentUrl, name }) => ({ url: agentUrl, member: name })), token };
  } catch (error) {
    throw new AgentError('USAGE', `${file} is not what a demo writes.`, { cause: error });
  }
}
