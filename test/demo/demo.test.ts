import { execFile, spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { findBinaries } from '../real/binaries.ts';
import {
  type DemoProcess,
  freeBasePort,
  isAlive,
  processesWith,
  readDemoFile,
  startDemo,
  until,
} from './demo-process.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');
const demos: DemoProcess[] = [];
const folders: string[] = [];

afterEach(async () => {
  for (const demo of demos.splice(0)) {
    demo.child.kill('SIGTERM');
    await demo.ended();
  }
  for (const folder of folders.splice(0)) {
    await rm(folder, { recursive: true, force: true });
  }
});

const newFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'caretaker-demo-test-'));
  folders.push(folder);
  return folder;
};

const start = (args: readonly string[], command?: string[]): DemoProcess => {
  const demo = startDemo(args, command);
  demos.push(demo);
  return demo;
};

/** A demo of one member in a folder of its own that runs and has said so. */
const runningDemo = async (...args: string[]) => {
  const folder = await newFolder();
  const port = await freeBasePort();
  const demo = start(['--members', '1', '--dir', folder, '--base-port', String(port), ...args]);
  await demo.untilOutput('Ctrl-C');
  const [member] = readDemoFile(folder).members;
  if (member === undefined || member.etcdPid === null || member.agentPid === null) {
    throw new Error(`demo.json is not complete:\n${demo.output()}`);
  }
  return { demo, folder, port, member, etcdPid: member.etcdPid, agentPid: member.agentPid };
};

const isReady = async (agentUrl: string): Promise<boolean> => {
  const answer = await fetch(`${agentUrl}/readyz`, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
  return answer?.status === 200;
};

test('three members and three agents run, demo.json tells where, and what it prints to try works as it stands, also in a folder with a space', async () => {
  const folder = join(await newFolder(), 'a demo');
  const port = await freeBasePort();
  const demo = start([
    '--dir',
    folder,
    '--base-port',
    String(port),
    '--quota',
    '64MiB',
    '--set',
    'observe.interval=1s',
  ]);
  await demo.untilOutput('an agent beside each');
  await demo.untilOutput('Ctrl-C');
  const { members, store, token } = readDemoFile(folder);
  expect(members.map(({ name, endpoint, peerUrl, agentUrl }) => [name, endpoint, peerUrl, agentUrl])).toEqual(
    [0, 1, 2].map((index) => [
      `m${index + 1}`,
      ...[0, 1, 2].map((service) => `http://127.0.0.1:${port + 10 * index + service}`),
    ]),
  );
  expect(store).toBe(pathToFileURL(join(folder, 'backups')).href);
  expect(token.length).toBeGreaterThan(30);
  expect(statSync(join(folder, 'demo.json')).mode & 0o777).toBe(0o600);
  // One that a busy machine had started again is another process by now.
  const processes = () => readDemoFile(folder).members.flatMap(({ etcdPid, agentPid }) => [etcdPid, agentPid]);
  await until('all processes', () => processes().every((pid) => pid !== null && isAlive(pid)));
  const pids = processes();
  for (const { agentUrl } of members) {
    await until(`the agent at ${agentUrl}`, () => isReady(agentUrl));
  }
  const { stdout } = await run(findBinaries().etcdctl, [
    ...['--endpoints', members[0]?.endpoint ?? '', 'get', '/demo/', '--prefix', '--keys-only', '--limit', '5'],
  ]);
  expect(stdout).toContain('/demo/');
  const page = await fetch(`${members[0]?.endpoint}/metrics`).then((answer) => answer.text());
  expect(page).toContain(`etcd_server_quota_backend_bytes ${(64 * 1024 * 1024).toExponential().replace('e+', 'e+0')}`);
  const commands = demo.output().match(/(?<=^ {2})(npm run|curl) .*$/gm) ?? [];
  // The doctor's exit code is 1 where it finds fault with the machine of the test.
  const worth = [
    ['status', 'Healthy', [0]],
    ['-- top ', 'by the agent beside', [0]],
    ['keyspace', 'PREFIX', [0]],
    ['doctor', 'keys are set', [0, 1]],
    ['explain', 'nospace', [0]],
    ['/metrics', 'member_healthy', [0]],
    ['run defrag', 'defrag succeeded', [0]],
  ] as const;
  expect(commands.length).toBe(worth.length);
  for (const [name, words, codes] of worth) {
    const command = commands.find((one) => one.includes(name)) ?? `echo ${name} is missing`;
    let last = '';
    // The agent that has the totals needs some rounds to have them, and the one that acts a calm cluster.
    await until(
      command,
      () => {
        const { status, stdout, stderr } = spawnSync('sh', ['-c', command], { cwd: root, encoding: 'utf8' });
        last = `${stdout}${stderr}`;
        return codes.some((code) => code === status) && stdout.includes(words);
      },
      120_000,
      () => last,
    );
  }
  demo.child.kill('SIGTERM');
  expect(await demo.ended()).toBe(0);
  expect(pids.some((pid) => pid !== null && isAlive(pid))).toBe(false);
  expect(readDemoFile(folder).members.every(({ etcdPid, agentPid }) => etcdPid === null && agentPid === null)).toBe(
    true,
  );
}, 300_000);

test('--for ends all of it', async () => {
  const folder = await newFolder();
  const demo = start(['--members', '1', '--dir', folder, '--base-port', String(await freeBasePort()), '--for', '1s']);
  await demo.untilOutput('All of it stops in 1 s');
  expect(await demo.ended()).toBe(0);
  expect(processesWith(folder)).toEqual([]);
  expect(readDemoFile(folder).members).toMatchObject([{ etcdPid: null, agentPid: null }]);
});

test('Ctrl-C leaves no process and no temporary folder', async () => {
  const demo = start(['--members', '1', '--base-port', String(await freeBasePort())]);
  await demo.untilOutput('Ctrl-C');
  const folder = /\S+etcd-caretaker-demo-\w+(?=\/demo\.json)/.exec(demo.output())?.[0] ?? '';
  const [member] = readDemoFile(folder).members;
  demo.child.kill('SIGINT');
  expect(await demo.ended()).toBe(0);
  expect([member?.etcdPid, member?.agentPid].map((pid) => isAlive(pid ?? 0))).toEqual([false, false]);
  expect(existsSync(folder)).toBe(false);
});

test('the temporary folder goes too when the demo is killed', async () => {
  const demo = start(['--members', '1', '--base-port', String(await freeBasePort())]);
  await demo.untilOutput('Ctrl-C');
  const folder = /\S+etcd-caretaker-demo-\w+(?=\/demo\.json)/.exec(demo.output())?.[0] ?? '';
  demo.child.kill('SIGKILL');
  await until('the folder to go', () => !existsSync(folder));
});

test('of what is killed an agent is started again while its etcd goes on, an etcd by its agent; a demo takes both along', async () => {
  const { demo, folder, member, etcdPid, agentPid } = await runningDemo();
  process.kill(agentPid, 'SIGKILL');
  await until('a new agent in demo.json', () => {
    const now = readDemoFile(folder).members[0]?.agentPid;
    return now !== null && now !== undefined && now !== agentPid;
  });
  await until('the new agent to be ready', () => isReady(member.agentUrl));
  expect(readDemoFile(folder).members[0]?.etcdPid).toBe(etcdPid);
  expect(isAlive(etcdPid)).toBe(true);
  const newAgent = readDemoFile(folder).members[0]?.agentPid ?? 0;

  process.kill(etcdPid, 'SIGKILL');
  await demo.untilOutput(`m1: etcd has ended (process ${etcdPid})`);
  await demo.untilOutput('m1: its agent has started etcd again');
  await until('the new process in demo.json', () => {
    const now = readDemoFile(folder).members[0]?.etcdPid ?? etcdPid;
    return now !== etcdPid && isAlive(now);
  });
  expect(readDemoFile(folder).members[0]).toMatchObject({ agentPid: newAgent });
  expect(isAlive(newAgent)).toBe(true);

  // The demo, its watchdog, etcd and agent.
  expect(processesWith(folder).length).toBe(4);
  demo.child.kill('SIGKILL');
  // Within 5 s where the machine has time for it; how much it has is not what is tested here.
  await until('etcd and agent to end', () => processesWith(folder).length === 0);
  await until('demo.json without them', () =>
    readDemoFile(folder).members.every(({ etcdPid, agentPid }) => etcdPid === null && agentPid === null),
  );
});

test('a setting reaches the agents; a folder that is kept is taken up again with its data, and refused at other addresses', async () => {
  const { demo, folder, port, member } = await runningDemo('--set', 'cluster.name=shop');
  await until('the setting on the metrics page', async () => {
    const page = await fetch(`${member.agentUrl}/metrics`).then((answer) => answer.text());
    return /etcd_caretaker_cluster_info\{[^}]*name="shop"/.test(page);
  });
  const etcdctl = (...args: string[]) => run(findBinaries().etcdctl, ['--endpoints', member.endpoint, ...args]);
  await etcdctl('put', 'kept', 'yes');
  demo.child.kill('SIGTERM');
  expect(await demo.ended()).toBe(0);
  const other = start(['--members', '1', '--dir', folder, '--base-port', String(await freeBasePort())]);
  expect(await other.ended()).toBe(2);
  expect(other.output()).toContain(`holds a demo whose members were at http://127.0.0.1:${port}`);
  const again = start(['--members', '1', '--dir', folder, '--base-port', String(port)]);
  await again.untilOutput('Ctrl-C');
  expect((await etcdctl('get', 'kept', '--print-value-only')).stdout).toBe('yes\n');
});

test('a port in use is one clear error with exit code 2, before anything is started', async () => {
  const port = await freeBasePort();
  const server = createServer().listen(port + 1, '127.0.0.1');
  const demo = start(['--members', '1', '--base-port', String(port)]);
  expect(await demo.ended()).toBe(2);
  server.close();
  expect(demo.output()).toContain(`cannot listen on 127.0.0.1, port ${port + 1}`);
  expect(demo.output()).toContain('--base-port');
  expect(demo.output()).not.toContain('    at ');
});

test('of two demos that start at once on the same ports no more than one runs; the other says that they are taken', async () => {
  const port = String(await freeBasePort());
  const both = [start(['--members', '1', '--base-port', port]), start(['--members', '1', '--base-port', port])];
  const runs = ({ output }: DemoProcess) => output().includes('Ctrl-C');
  await until('each to run or to end', () => both.every((demo) => runs(demo) || demo.child.exitCode !== null));
  const losers = both.filter((demo) => !runs(demo));
  expect(losers.length).toBeGreaterThan(0);
  for (const loser of losers) {
    expect(await loser.ended()).toBe(2);
    expect(loser.output()).toMatch(/LISTEN_IN_USE|cannot listen/);
  }
});

test.each([
  [['--set', 'expose.listen=127.0.0.1:1'], 'expose.listen'],
  [['--set', 'expose.socket=/tmp/s'], 'expose.socket'],
  [['--set', 'member.name=x'], 'the demo gives every agent a value of its own'],
  [['--set', 'supervise.kind=none'], 'the demo gives every agent a value of its own'],
  [['--members', '2'], "'2' is invalid"],
  [['--for', 'soon'], 'it is not a duration'],
  [['--quota', '64MB'], 'write 64MiB'],
  [['--base-port', '70000'], 'a port from 1 to'],
  [['--set', 'observe.intervall=2s'], 'observe.interval'],
])('%j is refused with exit code 2 and what is allowed', async (args, words) => {
  const demo = start([...args]);
  expect(await demo.ended()).toBe(2);
  expect(demo.output()).toContain(words);
});

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'npm start ended with %s takes the whole demo along',
  async (signal) => {
    const folder = await newFolder();
    const port = await freeBasePort();
    const demo = start(['--members', '1', '--dir', folder, '--base-port', String(port)], ['npm', 'start', '--']);
    await demo.untilOutput('Ctrl-C');
    expect(processesWith(folder).length).toBeGreaterThanOrEqual(4);
    demo.child.kill(signal);
    await until('all to end', () => processesWith(folder).length === 0);
  },
  200_000,
);
