import { describe, expect, it } from 'vitest';
import { runCli } from './doctor/run-cli.ts';
import { scriptedAgent } from './scripted-agent.ts';

const defrag = {
  ...{ policy: 'defrag', decision: 'hold', reasons: [{ code: 'SMALL', message: 'There is little to give back.' }] },
  action: { operation: 'defrag', targets: ['ab'], parameters: {} },
};
const replies: Readonly<Record<string, object>> = {
  'GET /api/v1/decisions': { decisions: [defrag] },
  'GET /api/v1/operations': { history: [] },
  'GET /api/v1/status': { members: [{ id: 'ab', name: 'm1' }] },
};
const agentOf = () =>
  scriptedAgent(({ line }) => {
    const json = replies[line];
    return json === undefined ? undefined : [200, json];
  });

describe('explain', () => {
  it('prints the decisions of all policies, without colour where stdout is no terminal', async () => {
    await using agent = await agentOf();
    const { stdout, stderr, exitCode } = await runCli(['explain', '--agent', agent.url]);
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
    expect(stdout).toContain('POLICY  DECISION  REASONS\ndefrag  hold      There is little to give back.\n');
  });

  it('prints one in detail, with members by name, and as data', async () => {
    await using agent = await agentOf();
    const { stdout, exitCode } = await runCli(['explain', 'defrag', '--agent', agent.url]);
    expect({ stdout, exitCode }).toEqual({ stdout: expect.stringContaining('defrag on m1\n'), exitCode: 0 });
    const json = await runCli(['explain', 'defrag', '--agent', agent.url, '-o', 'json']);
    expect(JSON.parse(json.stdout)).toEqual(defrag);
    const all = await runCli(['explain', '--agent', agent.url, '-o', 'yaml']);
    expect(all.stdout).toContain('policy: defrag\n');
  });

  it('refuses a policy that there is not, and names those that there are', async () => {
    const { exitCode, stderr } = await runCli(['explain', 'tidy']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(
      'nospace, replace, release, join, leave, member-update, restart, upgrade, rollout, compaction, defrag, move-leader, hash-check',
    );
  });

  it('says where a policy has not decided yet', async () => {
    await using agent = await agentOf();
    const { exitCode, stderr } = await runCli(['explain', 'nospace', '--agent', agent.url]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('NOT_DECIDED');
    expect(stderr).toContain('Those that have: defrag.');
  });

  it('ends with 3 where no agent answers, or something else does', async () => {
    expect(await runCli(['explain', '--agent', 'http://127.0.0.1:1'])).toMatchObject({ exitCode: 3 });
    await using other = await scriptedAgent(() => [200, { hello: 'world' }]);
    const { exitCode, stderr } = await runCli(['explain', '--agent', other.url]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 3, stderr: expect.stringContaining('no agent of this version') });
  });
});
