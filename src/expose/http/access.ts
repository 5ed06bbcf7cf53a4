import { isLocalName } from './host-name.ts';
import type { Problem } from './problem.ts';

/** Who may use a route: everyone; readers (loopback and Unix socket, or with credentials); or only with credentials. */
export type Access = 'open' | 'read' | 'change';

/** What is known of a request before it is answered. */
export interface Caller {
  /** It came over the Unix socket. */
  readonly overUnixSocket: boolean;
  /** Both ends of the connection are loopback addresses. */
  readonly overLoopback: boolean;
  /** A proxy said that it passes on somebody else's request. */
  readonly forwarded: boolean;
  readonly hostHeader?: string;
  /** What its bearer token is worth. */
  readonly token: 'none' | 'wrong' | 'reads' | 'right';
  /** What its client certificate is worth: `right` when it leads to the configured CA. */
  readonly certificate: 'none' | 'wrong' | 'right';
}

/** What the server can check. */
export interface Means {
  readonly tokens: boolean;
  /** Tokens that are good for reading alone. */
  readonly readTokens: boolean;
  readonly certificates: boolean;
  /** Names besides those of loopback under which the agent is known. */
  readonly names: readonly string[];
}

/** Whether the caller may use a route; undefined: it may. */
export function refusal(access: Access, caller: Caller, means: Means): Problem | undefined {
  if (access === 'open' || caller.token === 'right' || caller.certificate === 'right') {
    return undefined;
  }
  if (access === 'read' && caller.token === 'reads') {
    return undefined;
  }
  // What a proxy passes on comes from loopback too, and is not local for it.
  const local = caller.overUnixSocket || (caller.overLoopback && !caller.forwarded);
  if (access === 'read' && local) {
    return caller.overUnixSocket || isLocalName(caller.hostHeader, means.names) ? undefined : foreignName;
  }
  if (!means.tokens && !means.certificates && !(access === 'read' && means.readTokens)) {
    return nothingConfigured;
  }
  return credentialsRequired(access, caller, means);
}

const foreignName: Problem = {
  status: 403,
  code: 'HOST_NOT_LOCAL',
  detail:
    'Without a token, loopback answers only under localhost, a loopback address or the advertised name. Use one of these, or a token.',
};

const nothingConfigured: Problem = {
  status: 403,
  code: 'NO_CREDENTIALS_CONFIGURED',
  detail:
    'Only reads over loopback and the Unix socket are open. Set expose.auth.tokenFile or expose.tls.clientCa to allow more.',
};

function credentialsRequired(access: Access, caller: Caller, means: Means): Problem {
  const wrong = caller.token === 'wrong';
  const ways = [
    ...(means.tokens || (access === 'read' && means.readTokens) ? ['a bearer token (Authorization: Bearer …)'] : []),
    ...(means.certificates ? ['a client certificate of the configured CA'] : []),
  ];
  if (caller.token === 'reads') {
    return {
      status: 403,
      code: 'TOKEN_READS_ONLY',
      detail: `This token is for reading only (expose.auth.readTokenFile). This needs ${ways.join(' or ')} that is for more.`,
    };
  }
  const said = wrong
    ? 'The bearer token is not the right one. '
    : caller.certificate === 'wrong'
      ? 'The client certificate does not lead to the configured CA, or has expired. '
      : '';
  return {
    status: 401,
    code: wrong ? 'TOKEN_WRONG' : caller.certificate === 'wrong' ? 'CERTIFICATE_WRONG' : 'CREDENTIALS_REQUIRED',
    detail: `${said}This needs ${ways.join(' or ')}.`,
    // RFC 6750, section 3.
    headers: { 'www-authenticate': `Bearer realm="etcd-caretaker"${wrong ? ', error="invalid_token"' : ''}` },
  };
}
