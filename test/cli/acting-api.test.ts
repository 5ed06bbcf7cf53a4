import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CaretakingPorts } from '../../src/expose/caretaking-ports.ts';
import { fullCaretaking } from '../expose/support/full-caretaking.ts';
import { fullObservation } from '../expose/support/full-observation.ts';
import { scriptedPorts } from '../expose/support/scripted-ports.ts';
import { newToken, serve, temporaryFolder } from '../expose/support/server.ts';
import { type CliResult, runCli } from './doctor/run-cli.ts';

/** The agent's own HTTP server with these ports, and the program as a user runs it against that. */
async function against(caretaking: CaretakingPorts): Promise<(...args: readonly string[]) => Promise<CliResult>> {
  const tokenFile = join(await temporaryFolder(), 'token');
  await writeFile(tokenFile, newToken());
  const observation = () => ({ ...fullObservation, caretaking: fullCaretaking });
  const { address } = await serve({ tokenFile, caretaking, observation });
  const agent = ['--agent', `http://127.0.0.1:${address.port}`, '--token-file', tokenFile];
  return (...args) => runCli([...args, ...agent]);
}

describe('the commands of acting and the API of an agent', () => {
  it('understand each other about what is decided', async () => {
    const cli = await against(scriptedPorts());
    const all = await cli('explain');
    expect(all).toMatchObject({ exitCode: 0, stderr: '' });
    expect(all.stdout).toMatch(/^The agent beside m1 leads, epoch 12, since /);
    expect(all.stdout).toMatch(/^defrag +act +\S/m);
    const one = await cli('explain', 'defrag');
    expect(one).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('Does: defrag on m1') });
    const status = await cli('status');
    expect(status.stdout).toMatch(/^Agents .*beside m1 leads/m);
    expect(status.stdout).toMatch(/^Operation defrag on m1, m2, /m);
  });

  it('understand each other about pauses', async () => {
    const ports = scriptedPorts();
    const cli = await against(ports);
    expect(await cli('pause', '--for', '90m', '--reason', 'new disks')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await cli('resume')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(ports.asked).toEqual([
      ['pause', { reason: 'new disks', forMs: 5_400_000, by: expect.stringContaining('@') }],
      ['resume', expect.stringContaining('@')],
    ]);
  });

  it('understand each other about operations', async () => {
    const ports = scriptedPorts({ request: async () => ({ id: 'op-6' }) });
    const cli = await against(ports);
    const dry = await cli('run', 'defrag', '--member', 'm1', '--dry-run');
    expect(dry).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^defrag: act\n/) });
    expect(ports.asked).toMatchObject([['dryRun', { operation: 'defrag', member: 'm1' }]]);
    // The history has it as failed.
    const run = await cli('run', 'compaction');
    expect(run).toMatchObject({ exitCode: 1, stdout: expect.stringMatching(/^compaction failed after /) });
  });

  it('say what there is where an operation or a member is not known', async () => {
    const cli = await against(scriptedPorts());
    const operation = await cli('run', 'tidy');
    expect(operation).toMatchObject({ exitCode: 2, stdout: '' });
    expect(operation.stderr).toContain(
      'There is no operation "tidy". Allowed: nospace, replace, release, join, leave, member-update, restart, upgrade, rollout, compaction',
    );
    const version = await cli('run', 'upgrade');
    expect(version).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('`--to`') });
    const member = await cli('run', 'defrag', '--member', 'm9');
    expect(member).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('There is no member "m9"') });
  });
});
