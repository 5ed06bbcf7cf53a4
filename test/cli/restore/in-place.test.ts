import { afterEach, describe, expect, it, vi } from 'vitest';
import { main } from '../../../src/cli/main.ts';
import { scriptedAgent } from '../scripted-agent.ts';

async function runCli(args: readonly string[]) {
  const stdout = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const exitCode = await main(args);
  return { exitCode, stdout: stdout.mock.calls.join(''), stderr: stderr.mock.calls.join('') };
}

afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

const plan = {
  ...{ kind: 'seed-from-store', seed: 'm1', toRevision: '80', store: { url: 'file:///backups' } },
  reasons: [{ code: 'GO_BACK', message: 'the cluster goes back to revision 80' }],
  bound: { revisions: '15', basis: 'a person takes back what came after it' },
};
const run = {
  ...{ planId: 'plan-0001', outcome: 'succeeded' },
  progress: [{ member: 'm1', step: 'seed', state: 'done' }],
};

const agentThatAnswers = () =>
  scriptedAgent(({ line }) => {
    if (line === 'POST /api/v1/recovery/plan') return [200, plan];
    if (line === 'POST /api/v1/recovery/run') return [200, { planId: 'plan-0001' }];
    return line === 'GET /api/v1/recovery' ? [200, { member: 'm1', run }] : undefined;
  });

describe('restore --cluster', () => {
  it('without a name shows what a running cluster would take back, and changes nothing', async () => {
    await using agent = await agentThatAnswers();
    const shown = await runCli(['restore', '--cluster', '--before-delete', '/a', '--agent', agent.url]);
    expect(shown).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining('is taken back: 15 revisions or more'),
    });
    expect(agent.seen).toEqual([{ line: 'POST /api/v1/recovery/plan', body: { lost: [], beforeDelete: '/a' } }]);
  });

  it('with --apply does what was shown: the revision and the store of the plan, whatever is the newest by then', async () => {
    await using agent = await agentThatAnswers();
    const args = ['restore', '--to', 'latest', '--lost', 'm3', '--apply', '--agent', agent.url, '--cluster'];
    const done = await runCli(args);
    expect(done).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('The cluster is writable again.') });
    expect(agent.seen.slice(0, 2)).toEqual([
      { line: 'POST /api/v1/recovery/plan', body: { lost: ['m3'], to: 'latest' } },
      {
        line: 'POST /api/v1/recovery/run',
        body: { lost: ['m3'], toRevision: '80', store: 'file:///backups' },
      },
    ]);
  });

  it.each([
    ['no point', ['--cluster'], 'to which point'],
    ['two points', ['--cluster', '--to', 'latest', '--to-revision', '3'], 'to one point only'],
    ['a data dir', ['--cluster', '--to', 'latest', '--data-dir', '/x'], '--data-dir is not of a restore'],
    ['a prefix', ['--cluster', '--to', 'latest', '--prefix', '/x'], '--prefix is not of a restore'],
    ['an agent beside a name', ['--cluster', 'prod', '--agent', 'http://127.0.0.1:1'], '--cluster without a name'],
    ['--apply beside a name', ['--cluster', 'prod', '--apply'], '--cluster without a name'],
  ])('refuses %s', async (_, args, said) => {
    expect(await runCli(['restore', ...args])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(said),
    });
  });
});
