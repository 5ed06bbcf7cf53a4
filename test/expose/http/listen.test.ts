import { fork } from 'node:child_process';
import { once } from 'node:events';
import { stat, writeFile } from 'node:fs/promises';
import { createServer, Server } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { ask, serve, temporaryFolder } from '../support/server.ts';

it('goes on answering when a connection cannot be accepted, on TCP and on the socket, and tells it once', async () => {
  const listening = vi.spyOn(Server.prototype, 'listen');
  const told: unknown[] = [];
  const socketPath = join(await temporaryFolder(), 'agent.sock');
  const server = await serve({ socketPath, onListenerError: (where, error) => told.push([where, error]) });
  // The kernel cannot be made to fail an accept for one process only; the runtime reports it as this event.
  const refused = Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' });
  for (const listener of listening.mock.contexts) {
    for (const times of [1, 2]) {
      expect([times, listener instanceof Server && listener.emit('error', refused)]).toEqual([times, true]);
    }
  }
  expect(told).toEqual([
    ['127.0.0.1:0', refused],
    [socketPath, refused],
  ]);
  expect(await ask(server, '/healthz')).toMatchObject({ status: 200 });
  expect(await ask(server, '/healthz', { socketPath })).toMatchObject({ status: 200 });
});

describe('a TCP listener', () => {
  it('says which port is taken and what to do', async () => {
    const first = await serve();
    await expect(serve({ listen: first.address })).rejects.toMatchObject({
      code: 'LISTEN_IN_USE',
      message: `127.0.0.1:${first.address.port} is in use already.`,
      remedy: expect.stringContaining('expose.listen'),
    });
  });

  it('says that an address is not of this machine', async () => {
    await expect(serve({ listen: { host: '192.0.2.1', port: 0 } })).rejects.toMatchObject({
      code: 'LISTEN_NO_SUCH_ADDRESS',
    });
    await expect(serve({ listen: { host: 'nowhere.invalid', port: 0 } })).rejects.toMatchObject({
      code: 'LISTEN_NO_SUCH_ADDRESS',
    });
  });

  it('lets go of the port when the Unix socket beside it cannot be had', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'file'), '');
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const address = probe.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    probe.close();
    await once(probe, 'close');
    const listen = { host: '127.0.0.1', port };
    await expect(serve({ listen, socketPath: join(folder, 'file') })).rejects.toMatchObject({
      code: 'LISTEN_PATH_TAKEN',
    });
    expect((await serve({ listen })).address).toEqual(listen);
  });
});

describe('the Unix socket', () => {
  it('answers reads under any name, is for its owner alone, and is gone when the server closes', async () => {
    const socketPath = join(await temporaryFolder(), 'agent.sock');
    const server = await serve({ socketPath });
    expect(await ask(server, '/api/v1/status', { socketPath, headers: { host: 'x' } })).toMatchObject({ status: 200 });
    expect((await stat(socketPath)).mode & 0o777).toBe(0o600);
    await server.close();
    await expect(stat(socketPath)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('can be shared with the group', async () => {
    const socketPath = join(await temporaryFolder(), 'agent.sock');
    await serve({ socketPath, socketMode: 0o660 });
    expect((await stat(socketPath)).mode & 0o777).toBe(0o660);
  });

  it('is not taken from an agent that answers on it', async () => {
    const socketPath = join(await temporaryFolder(), 'agent.sock');
    const first = await serve({ socketPath });
    await expect(serve({ socketPath })).rejects.toMatchObject({ code: 'LISTEN_IN_USE' });
    expect(await ask(first, '/healthz', { socketPath })).toMatchObject({ status: 200 });
  });

  it('takes the place of one that a killed agent left behind', async () => {
    const socketPath = join(await temporaryFolder(), 'agent.sock');
    const listener = fork(join(import.meta.dirname, '..', 'support', 'listen-and-wait.ts'), [socketPath]);
    await once(listener, 'message');
    listener.kill('SIGKILL');
    await once(listener, 'exit');
    expect((await stat(socketPath)).isSocket()).toBe(true);
    const server = await serve({ socketPath });
    expect(await ask(server, '/healthz', { socketPath })).toMatchObject({ status: 200 });
  });

  it('leaves a file alone that is no socket', async () => {
    const socketPath = join(await temporaryFolder(), 'agent.sock');
    await writeFile(socketPath, 'precious');
    await expect(serve({ socketPath })).rejects.toMatchObject({ code: 'LISTEN_PATH_TAKEN' });
  });

  it('needs a path that the kernel can hold, in a directory that exists', async () => {
    const folder = await temporaryFolder();
    await expect(serve({ socketPath: join(folder, 'x'.repeat(120)) })).rejects.toMatchObject({
      code: 'LISTEN_PATH_TOO_LONG',
    });
    await expect(serve({ socketPath: join(folder, 'none', 'agent.sock') })).rejects.toMatchObject({
      code: 'LISTEN_FAILED',
    });
  });
});
