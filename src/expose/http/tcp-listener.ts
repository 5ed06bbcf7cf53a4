import type { Server } from 'node:net';
import { AgentError, faultOf } from '../../cluster/agent-error.ts';

/** Where the server listens. */
export interface ListenAddress {
  /** A host name or an IP address, IPv6 without brackets. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
}

/**
 * Listens on TCP.
 * @returns where it listens really
 * @throws AgentError `LISTEN_IN_USE`, `LISTEN_NOT_ALLOWED`, `LISTEN_NO_SUCH_ADDRESS` or `LISTEN_FAILED`
 */
export async function listenOnTcp(server: Server, { host, port }: ListenAddress): Promise<ListenAddress> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ host, port }, resolve);
  try {
    await promise;
  } catch (error) {
    throw listenError(`${host.includes(':') ? `[${host}]` : host}:${port}`, error);
  } finally {
    server.off('error', reject);
  }
  const address = server.address();
  return typeof address === 'object' && address !== null
    ? { host: address.address, port: address.port }
    : { host, port };
}

function listenError(address: string, cause: unknown): AgentError {
  const { code, message } = faultOf(cause);
  switch (code) {
    case 'EADDRINUSE':
      return new AgentError('LISTEN_IN_USE', `${address} is in use already.`, {
        cause,
        remedy: 'Stop what listens there (ss -ltnp shows it), or set expose.listen to another port.',
      });
    case 'EACCES':
      return new AgentError('LISTEN_NOT_ALLOWED', `This user may not listen on ${address}.`, {
        cause,
        remedy: 'Set expose.listen to a port above 1023.',
      });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new AgentError('LISTEN_NO_SUCH_ADDRESS', `${address} is no address of this machine.`, {
        cause,
        remedy: 'Set expose.listen to one of its addresses (ip address shows them), or to 0.0.0.0 or [::] for all.',
      });
    default:
      return new AgentError('LISTEN_FAILED', `Listening on ${address} failed: ${message}.`, {
        cause,
        remedy: 'Set expose.listen to another address or port.',
      });
  }
}
