import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { RealMember } from '../real/cluster.ts';
import { freePort } from '../real/ports.ts';

/** An agent of the built package beside one member of a real cluster. */
export interface AgentUnderTest {
  readonly pid: number;
  readonly url: string;
  /** From the start of the process to the first scrape that was answered. */
  readonly startToScrapeMs: number;
  /** The same to the first scrape that showed the own member. */
  readonly startToMemberMs: number;
  /** The inspector's URL, where it was asked for. */
  readonly inspectorUrl?: string;
  /** The end of its log. */
  log(): string;
  /** SIGKILL; returns when it has ended. What it leaves behind is removed by `close`. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

export interface AgentUnderTestOptions {
  readonly inspect?: boolean;
  /** The bearer token with which it can be asked to do something; without one it is only read. */
  readonly token?: string;
  readonly set?: Readonly<Record<string, string>>;
}

const entry = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** Starts the built agent as its package does and waits for its first scrape. */
export async function startAgent(member: RealMember, options: AgentUnderTestOptions = {}): Promise<AgentUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'etcd-caretaker-bench-'));
  const port = await freePort();
  const file = join(folder, 'agent.yaml');
  const tokenFile = join(folder, 'token');
  const { token } = options;
  if (token !== undefined) {
    await writeFile(tokenFile, token, { mode: 0o600 });
  }
  await writeFile(
    file,
    JSON.stringify({
      member: {
        name: member.name,
        endpoint: member.endpoint,
        dataDir: member.dataDir,
        metricsUrl: member.metricsUrl,
      },
      cluster: { name: 'bench' },
      expose: {
        listen: `127.0.0.1:${port}`,
        socket: join(folder, 'agent.sock'),
        ...(token === undefined ? {} : { auth: { tokenFile } }),
      },
    }),
  );
  const set = Object.entries(options.set ?? {}).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
  const flags = options.inspect === true ? ['--inspect=127.0.0.1:0'] : [];
  const startedMs = performance.now();
  const child = spawn(process.execPath, [...flags, entry, 'agent', '--config', file, ...set], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-20_000);
  });
  const url = `http://127.0.0.1:${port}`;
  const scraped = (wanted: string): Promise<void> => firstScrape(child, `${url}/metrics`, wanted, () => stderr);
  const close = async (): Promise<void> => {
    await end(child, 'SIGTERM');
    await rm(folder, { recursive: true, force: true });
  };
  let startToScrapeMs: number;
  try {
    await scraped('');
    startToScrapeMs = performance.now() - startedMs;
    await scraped('\netcd_caretaker_up 1\n');
  } catch (error) {
    await close();
    throw error;
  }
  const startToMemberMs = performance.now() - startedMs;
  // The process announces its inspector in both of its lives; the second one is the agent.
  const inspectorUrl = stderr.match(/ws:\/\/\S+/g)?.at(-1);
  return {
    pid: child.pid ?? 0,
    url,
    startToScrapeMs,
    startToMemberMs,
    ...(inspectorUrl === undefined ? {} : { inspectorUrl }),
    log: () => stderr,
    kill: () => end(child, 'SIGKILL'),
    close,
  };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }
}

async function firstScrape(child: ChildProcess, url: string, wanted: string, log: () => string): Promise<void> {
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`the agent ended with ${child.exitCode ?? child.signalCode}:\n${log()}`);
    }
    const answer = await fetch(url).catch(() => undefined);
    const page = await answer?.text();
    if (answer?.ok === true && page?.includes(wanted) === true) {
      return;
    }
    await sleep(10);
  }
}
