import type { AuthStatus } from '../types.ts';
import { encodeNothing, type Method, pathOf } from './method.ts';
import { WireReader } from './reader.ts';
import { WireWriter } from './writer.ts';

interface AuthenticateRequest {
  readonly username: string;
  readonly password: string;
}

/** Auth.Authenticate: a token for the calls that follow. */
export const AUTHENTICATE: Method<AuthenticateRequest, string> = {
  name: 'Authenticate',
  path: pathOf('Auth', 'Authenticate'),
  readOnly: true,
  encode: (request) => new WireWriter().text(1, request.username).text(2, request.password).finish(),
  decode: decodeToken,
};

/** Auth.AuthStatus, etcd >= 3.5. */
export const AUTH_STATUS: Method<undefined, AuthStatus> = {
  name: 'AuthStatus',
  path: pathOf('Auth', 'AuthStatus'),
  readOnly: true,
  encode: encodeNothing,
  decode: decodeAuthStatus,
};

function decodeToken(reply: Buffer): string {
  const reader = new WireReader(reply);
  const end = reader.length;
  let token = '';
  for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
    if (tag === 0x12) token = reader.text();
    else reader.skip(tag);
  }
  return token;
}

function decodeAuthStatus(reply: Buffer): AuthStatus {
  const reader = new WireReader(reply);
  const end = reader.length;
  let enabled = false;
  let authRevision = 0n;
  for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
    if (tag === 0x10) enabled = reader.bool();
    else if (tag === 0x18) authRevision = reader.uint64();
    else reader.skip(tag);
  }
  return { enabled, authRevision };
}
