import { describe, expect, it } from 'vitest';
import { runCli } from '../doctor/run-cli.ts';
import { type Answer, type ScriptedAgent, scriptedAgent } from '../scripted-agent.ts';

const status: Answer = [200, { members: [{ id: 'ab', name: 'm1' }] }];
const step = { name: 'defragment', memberId: 'ab', atMs: 1000 };
const entry = {
  ...{ id: 'r1', operation: 'defrag', outcome: 'succeeded', summary: '1.20 GiB were given back.', seconds: 12 },
  ...{ revision: '9', epoch: '7', holder: 'ab', targets: ['ab'], reasons: [], steps: [step] },
};

/** An agent that takes a request and answers the next reads with these, the last one again and again. */
async function agentThat(...operations: readonly object[]): Promise<ScriptedAgent> {
  let reads = 0;
  return await scriptedAgent(({ line }) => {
    if (line === 'POST /api/v1/operations') return [202, { id: 'r1' }];
    if (line === 'GET /api/v1/status') return status;
    if (line === 'GET /api/v1/operations') return [200, operations[Math.min(reads++, operations.length - 1)]];
    return undefined;
  });
}

const run = (agent: ScriptedAgent, ...args: readonly string[]) =>
  runCli(['run', ...args, '--agent', agent.url], { env: { ETCD_CARETAKER_TOKEN: 'secret' } });

// Each is a process of its own, which waits between two looks.
describe.concurrent('run', () => {
  it('asks, with the token, and follows step by step to the end', async () => {
    await using agent = await agentThat(
      { history: [] },
      { slot: { id: 'r1', operation: 'defrag', steps: [step] }, history: [] },
      { history: [entry] },
    );
    const { stdout, stderr, exitCode } = await run(agent, 'defrag', '--member', 'm1');
    expect(stdout).toBe('defrag succeeded after 12 s. 1.20 GiB were given back.\n');
    expect(stderr).toBe('Asked for; the leading agent has not begun yet.\n00:00:01 UTC  defragment m1\n');
    expect(exitCode).toBe(0);
    expect(agent.seen[0]).toEqual({
      line: 'POST /api/v1/operations',
      body: { operation: 'defrag', member: 'm1', by: expect.stringMatching(/.+@.+/) },
      token: 'Bearer secret',
    });
  });

  it('ends with 1 and the reasons where it did not succeed', async () => {
    await using agent = await agentThat({
      history: [{ ...entry, outcome: 'refused', code: 'LEARNER', summary: 'There is a learner.', steps: [] }],
    });
    const table = await run(agent, 'defrag');
    expect(table).toMatchObject({ exitCode: 1, stdout: 'defrag refused. There is a learner. (LEARNER)\n' });
    const json = await run(agent, 'defrag', '-o', 'json');
    expect(JSON.parse(json.stdout)).toMatchObject({ outcome: 'refused', code: 'LEARNER' });
  });

  it.each([
    ['an upgrade without a version', ['upgrade'], 'An upgrade needs `--to`.'],
    ['an upgrade to what is no version', ['upgrade', '--to', 'banana'], '--to banana is no version of etcd.'],
    ['a version for another operation', ['defrag', '--to', '3.5.30'], '--to is for an upgrade, and not for defrag.'],
    [
      'a rehearsal of another operation',
      ['rollout', '--rehearse'],
      '--rehearse is for an upgrade, and not for rollout.',
    ],
  ])('refuses %s on the command line, and asks no agent', async (_, args, said) => {
    await using agent = await agentThat();
    expect(await run(agent, ...args)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(said) });
    expect(agent.seen).toEqual([]);
  });

  it('returns the id at once where it is not to wait', async () => {
    await using agent = await agentThat();
    expect(await run(agent, 'compaction', '--no-wait')).toMatchObject({ exitCode: 0, stdout: 'r1\n' });
    expect(agent.seen).toHaveLength(1);
  });

  it('says on Ctrl-C that the operation goes on, and ends with 130', async () => {
    await using agent = await agentThat({ slot: { id: 'r1', operation: 'defrag', steps: [] }, history: [] });
    const { exitCode, stdout, stderr } = await runCli(['run', 'defrag', '--agent', agent.url], {
      onStart: (pid) => {
        const timer = setInterval(() => {
          if (agent.seen.filter(({ line }) => line === 'GET /api/v1/operations').length < 2) return;
          clearInterval(timer);
          process.kill(pid, 'SIGINT');
        }, 20);
      },
    });
    expect({ exitCode, stdout }).toEqual({ exitCode: 130, stdout: '' });
    expect(stderr).toContain('what was asked for goes on');
    expect(stderr).toContain('as r1');
  });

  it('gives up following after --timeout, and says that the operation goes on', async () => {
    await using agent = await agentThat({ slot: { id: 'r1', operation: 'defrag', steps: [] }, history: [] });
    const { exitCode, stderr } = await run(agent, 'defrag', '--timeout', '100ms');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('STILL_UNDER_WAY');
  });

  it('follows through another agent when the one that took the request is gone', async () => {
    await using gone = await scriptedAgent(({ line }) => (line.startsWith('POST') ? [202, { id: 'r1' }] : [502]));
    await using other = await agentThat({ history: [entry] });
    const { exitCode } = await runCli(['run', 'defrag', '--agent', `${gone.url},${other.url}`]);
    expect(exitCode).toBe(0);
    expect(other.seen.map(({ line }) => line)).not.toContain('POST /api/v1/operations');
  });

  it('hands on what the agent says of an operation that it does not know', async () => {
    const detail = 'There is no operation frobnicate. Name one of nospace, compaction.';
    await using agent = await scriptedAgent(() => [400, { code: 'OPERATION_UNKNOWN', detail }]);
    const { exitCode, stderr } = await run(agent, 'frobnicate');
    expect(exitCode).toBe(2);
    expect(stderr).toContain(detail);
  });

  it('with --dry-run prints the decision and asks for nothing else', async () => {
    const decision = {
      ...{ policy: 'defrag', decision: 'act', reasons: [{ code: 'ASKED', message: 'ada@db1 asks for it.' }] },
      action: { operation: 'defrag', targets: ['ab'], parameters: {} },
    };
    let answer: object = decision;
    await using agent = await scriptedAgent(({ line }) => (line.startsWith('POST') ? [200, answer] : status));
    const dry = await run(agent, 'defrag', '--dry-run');
    expect(dry).toMatchObject({ exitCode: 0, stderr: '' });
    expect(dry.stdout).toBe('defrag: act\n  - ada@db1 asks for it. (ASKED)\nDoes: defrag on m1\n');
    expect(agent.seen[0]?.body).toMatchObject({ operation: 'defrag', dryRun: true });
    answer = { ...decision, decision: 'hold' };
    expect(await run(agent, 'defrag', '--dry-run', '-o', 'json')).toMatchObject({ exitCode: 1 });
  });
});
