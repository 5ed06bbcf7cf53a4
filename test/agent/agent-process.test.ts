import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RealCluster, startCluster } from '../real/cluster.ts';
import { freePort } from '../real/ports.ts';
import { silentServer } from '../real/silent-server.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

let cluster: RealCluster;
let folder: string;

beforeAll(async () => {
  cluster = await startCluster({ members: 1 });
  folder = await mkdtemp(join(tmpdir(), 'etcd-caretaker-process-'));
});

afterAll(async () => {
  await cluster.close();
  await rm(folder, { recursive: true, force: true });
});

interface AgentProcess {
  readonly child: ChildProcess;
  readonly url: string;
  readonly output: () => string;
  readonly ended: Promise<number | null>;
}

async function start(set: Readonly<Record<string, string>> = {}): Promise<AgentProcess> {
  const [member] = cluster.members;
  const port = await freePort();
  const keys = {
    'member.name': 'm1',
    'member.endpoint': member?.endpoint,
    'member.dataDir': member?.dataDir,
    'member.metricsUrl': member?.metricsUrl,
    'expose.listen': `127.0.0.1:${port}`,
    'expose.socket': join(folder, 'agent.sock'),
    ...set,
  };
  const flags = Object.entries(keys).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
  const child = spawn(process.execPath, [main, 'agent', ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const take = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, url: `http://127.0.0.1:${port}`, output: () => output, ended };
}

async function ready({ url, child, output }: AgentProcess): Promise<void> {
  for (;;) {
    const answer = await fetch(`${url}/readyz`).catch(() => undefined);
    await answer?.text();
    if (answer?.status === 200) {
      return;
    }
    if (child.exitCode !== null) {
      throw new Error(`the agent ended: ${output()}`);
    }
    await sleep(50);
  }
}

describe('the process of an agent', () => {
  it('ends cleanly at a signal, also when it comes twice, and leaves no file behind', async () => {
    const agent = await start();
    await ready(agent);
    const probe = join(cluster.members[0]?.dataDir ?? '', 'member', '.etcd-caretaker-fsync-probe');
    while (!existsSync(probe)) {
      await sleep(50);
    }
    agent.child.kill('SIGINT');
    agent.child.kill('SIGINT');
    agent.child.kill('SIGTERM');
    expect(await agent.ended).toBe(0);
    expect(existsSync(probe)).toBe(false);
    expect(existsSync(join(folder, 'agent.sock'))).toBe(false);
  });

  it('ends at a signal also beside a server that accepts connections and then says nothing', async () => {
    await using silent = await silentServer();
    const endpoint = `https://127.0.0.1:${silent.port}`;
    const agent = await start({ 'member.endpoint': endpoint, 'member.metricsUrl': `${endpoint}/metrics` });
    await silent.connected;
    // Until it says that it has started, the signal is not for the agent but for what reads its configuration.
    while (!agent.output().includes('agent started')) {
      await sleep(50);
    }
    agent.child.kill('SIGTERM');
    expect(await agent.ended).toBe(0);
    expect(agent.output()).toContain('agent stopped');
  });

  it('writes one line of JSON for each event', async () => {
    const agent = await start();
    await ready(agent);
    agent.child.kill('SIGTERM');
    await agent.ended;
    const events = agent
      .output()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).event);
    expect(events[0]).toBe('agent started');
    expect(events.at(-1)).toBe('agent stopped');
  });

  it('says in one error that its port is in use, and ends with 2', async () => {
    const first = await start();
    await ready(first);
    const second = await start({
      'expose.listen': first.url.replace('http://', ''),
      'expose.socket': join(folder, 'b'),
    });
    expect(await second.ended).toBe(2);
    expect(second.output()).toContain('(LISTEN_IN_USE)');
    expect(second.output()).not.toMatch(/\n\s+at /);
    first.child.kill('SIGTERM');
    await first.ended;
  });
});
