import { describe, expect, it } from 'vitest';
import { type Access, type Caller, type Means, refusal } from '../../../src/expose/http/access.ts';

const nobody: Caller = {
  overUnixSocket: false,
  overLoopback: false,
  forwarded: false,
  hostHeader: 'agent.example:9379',
  token: 'none',
  certificate: 'none',
};
const callers = {
  'a stranger on the network': nobody,
  'a stranger with a wrong token': { ...nobody, token: 'wrong' },
  'a stranger with a wrong certificate': { ...nobody, certificate: 'wrong' },
  'a holder of the token': { ...nobody, token: 'right' },
  'a holder of the token for reading': { ...nobody, token: 'reads' },
  'a holder of a certificate': { ...nobody, certificate: 'right' },
  'loopback as localhost': { ...nobody, overLoopback: true, hostHeader: 'localhost:9379' },
  'loopback as 127.0.0.1': { ...nobody, overLoopback: true, hostHeader: '127.0.0.1' },
  'loopback as ::1': { ...nobody, overLoopback: true, hostHeader: '[::1]:9379' },
  'loopback under the advertised name': { ...nobody, overLoopback: true },
  'loopback under a foreign name': { ...nobody, overLoopback: true, hostHeader: 'evil.example' },
  'loopback under a foreign name, with the token': {
    ...nobody,
    overLoopback: true,
    hostHeader: 'evil.example',
    token: 'right',
  },
  'a proxy on loopback': { ...nobody, overLoopback: true, hostHeader: 'localhost', forwarded: true },
  'the Unix socket': { ...nobody, overUnixSocket: true, hostHeader: 'whatever' },
} as const satisfies Record<string, Caller>;

const both: Means = { tokens: true, readTokens: true, certificates: true, names: ['agent.example'] };
const none: Means = { tokens: false, readTokens: false, certificates: false, names: ['agent.example'] };

/** What each caller gets for an open route, a read and a change; ok, or the status and the code. */
const table: Readonly<Record<keyof typeof callers, Readonly<Record<Access, string>>>> = {
  'a stranger on the network': { open: 'ok', read: '401 CREDENTIALS_REQUIRED', change: '401 CREDENTIALS_REQUIRED' },
  'a stranger with a wrong token': { open: 'ok', read: '401 TOKEN_WRONG', change: '401 TOKEN_WRONG' },
  'a stranger with a wrong certificate': { open: 'ok', read: '401 CERTIFICATE_WRONG', change: '401 CERTIFICATE_WRONG' },
  'a holder of the token': { open: 'ok', read: 'ok', change: 'ok' },
  'a holder of the token for reading': { open: 'ok', read: 'ok', change: '403 TOKEN_READS_ONLY' },
  'a holder of a certificate': { open: 'ok', read: 'ok', change: 'ok' },
  'loopback as localhost': { open: 'ok', read: 'ok', change: '401 CREDENTIALS_REQUIRED' },
  'loopback as 127.0.0.1': { open: 'ok', read: 'ok', change: '401 CREDENTIALS_REQUIRED' },
  'loopback as ::1': { open: 'ok', read: 'ok', change: '401 CREDENTIALS_REQUIRED' },
  'loopback under the advertised name': { open: 'ok', read: 'ok', change: '401 CREDENTIALS_REQUIRED' },
  'loopback under a foreign name': { open: 'ok', read: '403 HOST_NOT_LOCAL', change: '401 CREDENTIALS_REQUIRED' },
  'loopback under a foreign name, with the token': { open: 'ok', read: 'ok', change: 'ok' },
  'a proxy on loopback': { open: 'ok', read: '401 CREDENTIALS_REQUIRED', change: '401 CREDENTIALS_REQUIRED' },
  'the Unix socket': { open: 'ok', read: 'ok', change: '401 CREDENTIALS_REQUIRED' },
};

function said(access: Access, caller: Caller, means: Means): string {
  const problem = refusal(access, caller, means);
  return problem === undefined ? 'ok' : `${problem.status} ${problem.code}`;
}

describe('who may do what', () => {
  it.each(Object.entries(table))('%s', (name, expected) => {
    const caller = callers[name as keyof typeof callers];
    const got = Object.fromEntries((['open', 'read', 'change'] as const).map((a) => [a, said(a, caller, both)]));
    expect(got).toEqual(expected);
  });

  it('nobody changes anything, and only this machine reads, where no credentials are configured', () => {
    for (const [name, caller] of Object.entries(callers)) {
      if (caller.token !== 'right' && caller.certificate !== 'right') {
        expect(said('change', caller, none), name).toBe('403 NO_CREDENTIALS_CONFIGURED');
      }
    }
    expect(said('read', callers['loopback as localhost'], none)).toBe('ok');
    expect(said('read', callers['the Unix socket'], none)).toBe('ok');
    expect(said('read', nobody, none)).toBe('403 NO_CREDENTIALS_CONFIGURED');
  });

  it('a wrong token is told as RFC 6750 says', () => {
    expect(refusal('read', callers['a stranger with a wrong token'], both)?.headers).toEqual({
      'www-authenticate': 'Bearer realm="etcd-caretaker", error="invalid_token"',
    });
    expect(refusal('read', nobody, both)?.headers).toEqual({ 'www-authenticate': 'Bearer realm="etcd-caretaker"' });
  });
});
