import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { runCli } from '../doctor/run-cli.ts';
import { healthy } from './example-parts.ts';
import { streamingAgent } from './streaming-agent.ts';
import { inTerminal } from './terminal.ts';

/** How a terminal is given back: no colour, wrapping, the screen from before, and the cursor. */
const restored = '\x1b[0m\x1b[?7h\x1b[?1049l\x1b[?25h';

const now = {
  ...healthy,
  status: { ...healthy.status, agent: { ...healthy.status.agent, observedAt: new Date().toISOString() } },
};

/** The same as the agent beside m2 would say it. */
const besideM2 = { ...now, status: { ...now.status, agent: { ...now.status.agent, member: 'm2' } } };

describe('top in a terminal', () => {
  it('shows the members, follows changes and the size, goes on with the next agent, and gives the terminal back on q', async () => {
    await using one = await streamingAgent(now);
    await using two = await streamingAgent(besideM2);
    await using terminal = await inTerminal(['top', '--interval', '250ms', '--agent', `${one.url},${two.url}`]);
    await terminal.sees(/by the agent beside m1[\s\S]*m3 +follower +healthy[\s\S]*no room for: 5 columns/);
    expect(terminal.output).toContain('\x1b[?1049h\x1b[?25l');
    expect(terminal.output).toContain('\x1b[32mHealthy\x1b[39m');

    one.send('changes', [
      { at: new Date().toISOString(), kind: 'restarted', by: 'others', message: 'm3 was \x1b[31mstarted' },
    ]);
    await terminal.sees('m3 was \\x1b[31mstarted');
    await terminal.resize(200, 50);
    await terminal.sees(/VERSION +CERT[\s\S]*LAST EVENTS/);
    terminal.type('\x1b[C');
    await terminal.sees('prefixes by bytes');

    await one.die();
    await terminal.sees('by the agent beside m2');
    await two.die();
    await terminal.sees(/NOTHING CAME for .* Trying again/);
    terminal.type('q');
    expect(await terminal.exited).toBe(0);
    expect(terminal.output.endsWith(restored)).toBe(true);
  });

  it.each([
    ['SIGTERM', 143],
    ['Ctrl-C', 130],
  ] as const)('gives the terminal back on %s, and ends with %i', async (how, exitCode) => {
    await using agent = await streamingAgent(now);
    await using terminal = await inTerminal(['top', '--agent', agent.url], { NO_COLOR: '1' });
    await terminal.sees('m3 ');
    if (how === 'Ctrl-C') terminal.type('\x03');
    else process.kill(terminal.pid, how);
    expect(await terminal.exited).toBe(exitCode);
    expect(terminal.output.endsWith(restored)).toBe(true);
    // NO_COLOR: nothing but what moves the cursor, clears, and gives the terminal back.
    const styles = terminal.output.split('\x1b[').filter((rest) => /^[\d;]*m/.test(rest));
    expect(styles).toEqual(['0m']);
  });

  it('ends when its terminal is closed', async () => {
    await using agent = await streamingAgent(now);
    await using terminal = await inTerminal(['top', '--agent', agent.url]);
    await terminal.sees('m3 ');
    terminal.close();
    await expect.poll(() => isThere(terminal.pid), { timeout: 30_000 }).toBe(false);
  });
});

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('top where nobody looks', () => {
  it('prints one frame as text, and says so on stderr', async () => {
    await using agent = await streamingAgent(now);
    const { stdout, stderr, exitCode } = await runCli(['top', '--agent', agent.url], {
      env: { LC_ALL: 'C', COLUMNS: '' },
    });
    expect(stderr).toBe('note: stdout is no terminal that can be redrawn: once, as with --once\n');
    expect(stdout).toBe(stripVTControlCharacters(stdout));
    expect(stdout).toMatch(/^m1 \* {4}follower {2}healthy/m);
    expect(exitCode).toBe(0);
  });

  it('prints the parts as one JSON document', async () => {
    await using agent = await streamingAgent(now);
    const { stdout, stderr } = await runCli(['top', '--once', '-o', 'json', '--agent', agent.url]);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual(now);
  });
});
