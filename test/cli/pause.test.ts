import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommanderError } from 'commander';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exitCodeOf } from '../../src/cli/exit-codes.ts';
import { pauseCommand } from '../../src/cli/pause.ts';
import { requester } from '../../src/cli/requester.ts';
import { AgentError, faultOf } from '../../src/cluster/agent-error.ts';
import { readLocalPause } from '../../src/operate/local-pause.ts';
import { runCli } from './doctor/run-cli.ts';
import { scriptedAgent } from './scripted-agent.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caretaker-pause-cli-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function agentConfig(name: string): Promise<string> {
  await mkdir(join(folder, name));
  const file = join(folder, name, 'agent.yaml');
  const socket = join(folder, name, 'agent.sock');
  await writeFile(file, `member: { name: ${name}, dataDir: /data }\nexpose: { socket: ${socket} }\n`);
  return file;
}

describe('pause and resume of the cluster', () => {
  it('ask an agent, and say until when and how to end it', async () => {
    await using agent = await scriptedAgent(({ line }) => (line.startsWith('POST') ? [200, {}] : [204]));
    const paused = await runCli(['pause', '--for', '90m', '--reason', ' new disks ', '--agent', agent.url]);
    expect(paused).toMatchObject({ exitCode: 0, stderr: '' });
    expect(paused.stdout).toMatch(/^All operations are paused until about 2\S+Z: new disks\n.*resume\n$/);
    const resumed = await runCli(['resume', '--agent', agent.url]);
    expect(resumed).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('all breakers are closed') });
    expect(agent.seen).toEqual([
      { line: 'POST /api/v1/pause', body: { reason: 'new disks', for: '1h30m', by: requester() } },
      { line: 'DELETE /api/v1/pause', body: { by: requester() } },
    ]);
  });

  it('ask the next agent where one cannot be reached', async () => {
    await using agent = await scriptedAgent(() => [200, {}]);
    const command = ['pause', '--for', '1h', '--reason', 'x', '--agent'];
    const { exitCode, stderr } = await runCli([...command, `http://127.0.0.1:1,${agent.url}`]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.stringContaining('note: No agent') });
    expect(agent.seen).toHaveLength(1);
  });

  it.each([
    [['--for', '2h'], '--reason'],
    [['--reason', 'x'], '--for'],
    [['--for', '59s', '--reason', 'x'], 'from 1m to 30d'],
    [['--for', '31d', '--reason', 'x'], 'from 1m to 30d'],
    [['--for', '2', '--reason', 'x'], 'no unit'],
    [['--for', '2h', '--reason', ' '], 'Say why'],
    [['--for', '2h', '--reason', 'x', '--config', 'agent.yaml'], '--local'],
    [['--for', '2h', '--reason', 'x', '--local', '--agent', 'http://127.0.0.1:1'], '--agent does not belong'],
  ])('are refused as a usage error: pause %j', async (args, said) => {
    let stderr = '';
    const command = pauseCommand()
      .exitOverride()
      .configureOutput({ writeErr: (text) => (stderr += text) });
    const error: unknown = await command.parseAsync([...args], { from: 'user' }).catch((reason: unknown) => reason);
    expect(error instanceof CommanderError || (error instanceof AgentError && exitCodeOf(error) === 2)).toBe(true);
    expect(`${stderr}${faultOf(error).message}${faultOf(error).remedy}`).toContain(said);
  });
});

describe('pause and resume by a file', () => {
  it('of one agent, which its configuration names', async () => {
    const config = await agentConfig('m1');
    const file = join(folder, 'm1', 'm1.pause');
    const socket = join(folder, 'm1', 'm1.sock');
    const words = ['pause', '--local', '--for', '2h', '--reason', 'no quorum', '--config', config];
    const alone = await runCli([...words, '--set', `expose.socket=${socket}`]);
    expect(alone).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('is not paused') });
    expect(alone.stdout).not.toContain('is paused');
    // As long as its agent is there.
    await writeFile(socket, '');
    const paused = await runCli([...words, '--set', `expose.socket=${socket}`]);
    expect(paused).toMatchObject({ exitCode: 0, stderr: '' });
    expect(paused.stdout).toContain(`by ${file}: no quorum`);
    expect(await readLocalPause(file, Date.now())).toContain(`Paused here by ${requester()} until `);
    const { at, until } = JSON.parse(await readFile(file, 'utf8')) as { at: string; until: string };
    expect(Date.parse(until) - Date.parse(at)).toBe(7_200_000);

    const resumed = await runCli(['resume', '--local', '--config', config]);
    expect(resumed).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('is not paused any more') });
    expect(await readLocalPause(file, Date.now())).toBeUndefined();
    const again = await runCli(['resume', '--local', '--config', config]);
    expect(again).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('was not paused') });
  });

  it('of all agents of a demo', async () => {
    await Promise.all(['m1', 'm2'].map(agentConfig));
    const members = ['m1', 'm2'].map((name) => ({ name, agentUrl: 'http://127.0.0.1:1' }));
    await writeFile(join(folder, 'demo.json'), JSON.stringify({ members, token: 'x' }));
    const { exitCode } = await runCli(['pause', '--local', '--for', '2h', '--reason', 'x', '--dir', folder]);
    expect(exitCode).toBe(0);
    for (const name of ['m1', 'm2']) {
      expect(await readLocalPause(join(folder, name, `${name}.pause`), Date.now())).toContain(': x');
    }
  });

  it('says what to do where the file cannot be written', async () => {
    const config = await agentConfig('m1');
    const socket = `expose.socket=${join(folder, 'gone', 'agent.sock')}`;
    const args = ['pause', '--local', '--for', '2h', '--reason', 'x', '--config', config, '--set', socket];
    const { exitCode, stderr } = await runCli(args);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('start the agent once');
  });
});
