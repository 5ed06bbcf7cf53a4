import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type AgentOptions, agentsOf } from '../../src/cli/agent-options.ts';
import { scriptedAgent } from './scripted-agent.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caretaker-options-'));
  for (const name of ['flag', 'variable']) await writeFile(join(folder, name), `of the ${name}\n`);
});
afterEach(() => rm(folder, { recursive: true }));

const shown = async (options: AgentOptions, env: NodeJS.ProcessEnv): Promise<string | undefined> => {
  await using agent = await scriptedAgent(() => [200, {}]);
  const [client] = await agentsOf({ ...options, agent: agent.url }, env);
  await client.get('/api/v1/status');
  return agent.seen[0]?.token;
};

test('the token is that of the option, else that of the environment, else that in the file which the environment names', async () => {
  const tokenFile = join(folder, 'flag');
  const file = { ETCD_CARETAKER_TOKEN_FILE: join(folder, 'variable') };
  const both = { ...file, ETCD_CARETAKER_TOKEN: 'of the environment' };
  expect(await shown({ tokenFile }, both)).toBe('Bearer of the flag');
  expect(await shown({}, both)).toBe('Bearer of the environment');
  expect(await shown({}, file)).toBe('Bearer of the variable');
  expect(await shown({}, {})).toBeUndefined();
});

test('a file of a token that is not there is named', async () => {
  await expect(agentsOf({}, { ETCD_CARETAKER_TOKEN_FILE: join(folder, 'none') })).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringContaining(join(folder, 'none')),
  });
});
