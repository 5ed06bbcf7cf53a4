import type { RequestOptions } from 'node:http';
import type { SecureContext } from 'node:tls';
import { AgentError } from '../cluster/agent-error.ts';
import { secureContextOf } from '../pem/secure-context.ts';

/** Where an agent answers, and what it needs to see. */
export interface AgentAddress {
  /** `http://127.0.0.1:9379`, `https://host:9379` or `unix:/path/to/agent.sock`. */
  readonly url: string;
  /** Bearer token. */
  readonly token?: string;
  /** PEM texts: the CA of the agent's certificate (absent: the system's), and an own certificate with its key. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** What Node needs to call it. */
export type Target = RequestOptions & { readonly secure: boolean; readonly context?: SecureContext };

/** Throws `USAGE` where the URL is none, or where the token would cross the network in plain text; and `PemError`. */
export function targetOf(address: AgentAddress): Target {
  const { url, token } = address;
  const socket = /^unix:(?:\/\/)?(\/.+)$/.exec(url)?.[1];
  if (socket !== undefined) {
    return { secure: false, socketPath: socket, host: 'localhost' };
  }
  const parsed = URL.parse(url);
  if (parsed === null || (parsed.protocol !== 'http:' && parsed.protocol !== 'https:')) {
    throw new AgentError('USAGE', `"${url}" is not the URL of an agent.`, {
      remedy: 'Write it as http://127.0.0.1:9379, https://host:9379 or unix:/path/to/agent.sock.',
    });
  }
  const secure = parsed.protocol === 'https:';
  if (!secure && token !== undefined && !LOOPBACK.test(parsed.hostname)) {
    throw new AgentError('USAGE', `The token is not sent to ${url}: it would cross the network in plain text.`, {
      remedy: 'Use https://, or leave the token out.',
    });
  }
  return {
    secure,
    ...(secure ? { context: contextOf(address) } : {}),
    // Node wants IPv6 addresses without the brackets that a URL needs.
    host: parsed.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: parsed.port === '' ? (secure ? 443 : 80) : parsed.port,
  };
}

function contextOf({ ca, cert, key }: AgentAddress): SecureContext {
  const given = Object.entries({ ca, cert, key }).flatMap(([name, pem]) =>
    pem === undefined ? [] : [[name, { name: `--${name}`, pem }] as const],
  );
  return secureContextOf(Object.fromEntries(given));
}
