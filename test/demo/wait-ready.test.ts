import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { AgentKeeper } from '../../src/demo/agent-keeper.ts';
import { layOut } from '../../src/demo/layout.ts';
import { listens } from '../../src/demo/listens.ts';
import { waitForAgents, waitForMembers } from '../../src/demo/wait-ready.ts';

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** A member's layout at the port of another program, which answers everything with 200. */
const besideAnother = async (service: 0 | 2) => {
  const server = createServer((_, answer) => answer.end('{}')).listen(0, '127.0.0.1');
  cleanups.push(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const folder = await mkdtemp(join(tmpdir(), 'caretaker-wait-'));
  cleanups.push(() => rm(folder, { recursive: true }));
  const [layout] = layOut(folder, { members: 1, basePort: port - service }).members;
  if (layout === undefined) throw new Error('no member');
  const logFile = join(folder, 'log');
  return { port, layout: { ...layout, agentLog: logFile, etcdLog: logFile }, logFile };
};

const unstarted = (logFile: string, command: string = 'exit 0') =>
  new AgentKeeper({
    command: ['sh', '-c', command],
    logFile,
    env: process.env,
    changed: () => undefined,
    ended: () => undefined,
  });

test('a port belongs to the process that listens there, and to no other', async () => {
  const { port } = await besideAnother(0);
  const other = spawn('sleep', ['30']);
  cleanups.push(() => other.kill());
  await once(other, 'spawn');
  expect(listens(process.pid, port)).toBe(true);
  expect(listens(other.pid, port)).toBe(false);
  expect(listens(undefined, port)).toBe(false);
});

test("another's etcd at the port is not taken for the demo's own, which could not listen", async () => {
  const { layout, logFile } = await besideAnother(0);
  await writeFile(logFile, 'listen tcp 127.0.0.1:2380: bind: address already in use\n');
  const earlier = { layout, keeper: unstarted(logFile), logFromBytes: (await stat(logFile)).size };
  // It runs at first, as an etcd does that has not come to its ports yet.
  let looks = 0;
  const etcdPid = () => {
    looks += 1;
    if (looks === 3) appendFileSync(logFile, 'listen tcp 127.0.0.1:2380: bind: address already in use\n');
    return looks < 3 ? 2 ** 22 + 1 : undefined;
  };
  await expect(waitForMembers([{ ...earlier, etcdPid }], new AbortController().signal)).rejects.toMatchObject({
    code: 'LISTEN_IN_USE',
    remedy: expect.stringContaining('--base-port'),
  });
});

test.each([
  ['LISTEN_IN_USE: port taken', 'LISTEN_IN_USE'],
  ['CONFIG_INVALID: no such key', 'USAGE'],
])('an agent that ends with exit code 2 and %s ends the wait with its message', async (message, code) => {
  const { layout, logFile } = await besideAnother(2);
  const keeper = unstarted(logFile, `sleep 0.3; echo "${message}"; exit 2`);
  await keeper.start();
  cleanups.push(() => keeper.stop());
  const { signal } = new AbortController();
  const refusal = { code, message: expect.stringContaining(message) };
  await expect(waitForAgents([{ layout, keeper }], signal)).rejects.toMatchObject(refusal);
  const member = {
    layout: { ...layout, endpoint: 'http://127.0.0.1:1' },
    keeper,
    etcdPid: () => undefined,
    logFromBytes: 0,
  };
  await expect(waitForMembers([member], signal)).rejects.toMatchObject(refusal);
});
