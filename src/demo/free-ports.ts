import { createServer } from 'node:net';
import { AgentError } from '../cluster/agent-error.ts';
import type { MemberLayout } from './layout.ts';

/**
 * Throws `LISTEN_IN_USE` with every port of the demo on which somebody listens already: etcd's own error would only
 * come later, and of one of them.
 */
export async function checkPorts(members: readonly MemberLayout[]): Promise<void> {
  const ports = members.flatMap((member) => member.ports);
  const faults = await Promise.all(ports.map(async (port) => ({ port, code: await tryToListen(port) })));
  const taken = faults.filter(({ code }) => code !== undefined);
  if (taken.length > 0) {
    const list = taken.map(({ port, code }) => (code === 'EADDRINUSE' ? `${port}` : `${port} (${code})`)).join(', ');
    throw new AgentError('LISTEN_IN_USE', `the demo cannot listen on 127.0.0.1, port ${list}`, {
      remedy: 'end what listens there, or choose other ports with --base-port P (P to P+2, P+10 to P+12, …)',
    });
  }
}

function tryToListen(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
