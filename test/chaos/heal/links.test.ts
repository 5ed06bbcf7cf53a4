import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Links } from './links.ts';

/** Asks a port for a page, and writes `told` or why not. */
const ASK = `
process.on('message', ({ port, patienceMs }) => fetch('http://127.0.0.1:' + port, { signal: AbortSignal.timeout(patienceMs) })
  .then((reply) => reply.text()).then((text) => process.send(text), (error) => process.send(error.name)));
process.on('disconnect', () => process.exit(0));`;

describe('between the machines of a cluster that run on one', () => {
  const server = createServer((_, reply) => reply.end('told'));
  const children: ChildProcess[] = [];
  let links: Links;
  let port: number;

  beforeEach(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    links = new Links();
    port = await links.route('m2', (server.address() as AddressInfo).port);
    for (const _ of ['m1', 'm2']) {
      children.push(spawn(process.execPath, ['-e', ASK], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }));
    }
    links.knowing(() =>
      children.flatMap(({ pid }, index) => (pid === undefined ? [] : [{ pid, member: `m${index + 1}` }])),
    );
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await links[Symbol.asyncDispose]();
    server.closeAllConnections();
    server.close();
  });

  /** A busy machine may take its time to answer; that nothing comes is believed sooner. */
  async function asked(by: 'm1' | 'm2', patienceMs = 60_000): Promise<unknown> {
    const child = children[by === 'm1' ? 0 : 1];
    if (child === undefined) throw new Error('there is no such process');
    const answered = once(child, 'message');
    child.send({ port, patienceMs });
    return (await answered)[0];
  }

  test('everything gets through until a link is cut, and again when it is back', async () => {
    expect(await asked('m1')).toBe('told');
    links.lose('m1', 'm2');
    expect(await asked('m1', 400)).toBe('TimeoutError');
    links.heal();
    expect(await asked('m1')).toBe('told');
  });

  test('a link that is cut one way brings no answer either', async () => {
    links.lose('m2', 'm1');
    expect(await asked('m1', 400)).toBe('TimeoutError');
  });

  test('a machine reaches itself, and others reach it, whatever becomes of one link', async () => {
    links.lose('m1', 'm2');
    links.lose('m2', 'm1');
    expect(await asked('m2')).toBe('told');
    expect(await (await fetch(`http://127.0.0.1:${port}`)).text()).toBe('told');
  });

  test('what takes longer arrives all the same', async () => {
    links.delay('m1', 'm2', 100);
    const begunMs = performance.now();
    expect(await asked('m1')).toBe('told');
    expect(performance.now() - begunMs).toBeGreaterThanOrEqual(100);
  });
});
